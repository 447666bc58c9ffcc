package io.lakeloop.algorithm;

/**
 * Adaptive KL coefficient (Ziegler et al. 2019, <a
 * href="https://arxiv.org/abs/1909.08593">1909.08593</a>, section 2.2):
 *
 * <pre>beta' = beta * (1 + clip(KL / target - 1, -0.2, 0.2) * n / horizon)</pre>
 *
 * @param target KL per sequence that beta is steered to, in nats; 0 keeps beta fixed
 * @param horizon sequences over which a full correction is made
 */
public record KlController(double target, double horizon) {

  /** Returns the next beta after {@code sequences} sequences with mean KL {@code kl}. */
  public double next(double beta, double kl, int sequences) {
    if (target == 0) {
      return beta;
    }
    double error = Math.max(-0.2, Math.min(0.2, kl / target - 1));
    return beta * (1 + error * sequences / horizon);
  }
}
