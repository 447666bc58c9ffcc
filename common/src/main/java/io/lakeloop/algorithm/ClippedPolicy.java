package io.lakeloop.algorithm;

import java.io.Serializable;

/**
 * PPO's clipped surrogate of one token (Schulman et al. 2017, <a
 * href="https://arxiv.org/abs/1707.06347">1707.06347</a>), with the dual clip of Ye et al. 2020 (<a
 * href="https://arxiv.org/abs/1912.09729">1912.09729</a>) as an option:
 *
 * <pre>
 * rho  = exp(clamp(log pi - log pi_old, -20, 20))
 * loss = max(-A rho, -A clip(rho, 1 - eps, 1 + eps))
 * loss = min(loss, -A c)                             where A &lt; 0 and c &gt; 0
 * </pre>
 *
 * @param clipRange eps, 0.2 in the paper
 * @param dualClip c, 3 in Ye et al.; 0 for none
 */
public record ClippedPolicy(double clipRange, double dualClip) implements Serializable {
  private static final double MAX_LOG_RATIO = 20;

  /**
   * The loss of a token.
   *
   * @param slope dLoss / dlog pi
   * @param clipped true where a clip decided the loss
   */
  public record Term(double loss, double slope, double ratio, double logRatio, boolean clipped) {}

  public Term of(double logProb, double oldLogProb, double advantage) {
    double raw = logProb - oldLogProb;
    double logRatio = Math.max(-MAX_LOG_RATIO, Math.min(MAX_LOG_RATIO, raw));
    double ratio = Math.exp(logRatio);
    double plain = -advantage * ratio;
    double near = -advantage * Math.max(1 - clipRange, Math.min(1 + clipRange, ratio));
    double loss = Math.max(plain, near);
    double bound = -advantage * dualClip;
    if (dualClip > 0 && advantage < 0 && loss > bound) {
      return new Term(bound, 0, ratio, logRatio, true);
    }
    boolean moves = plain >= near && logRatio == raw;
    return new Term(loss, moves ? plain : 0, ratio, logRatio, near > plain);
  }
}
