package io.lakeloop.algorithm;

/**
 * Generalised advantage estimation (Schulman et al. 2016, <a
 * href="https://arxiv.org/abs/1506.02438">1506.02438</a>):
 *
 * <pre>
 * delta_t = r_t + gamma V_{t+1} - V_t
 * A_t     = delta_t + gamma lambda A_{t+1}
 * R_t     = A_t + V_t
 * </pre>
 *
 * Positions outside the mask are passed over: what follows them carries across (D15).
 */
public record AdvantageEstimator(double gamma, double gaeLambda) {

  /** Advantages and returns of one sequence; 0 outside the mask. */
  public record Estimate(float[] advantages, float[] returns) {}

  public Estimate estimate(float[] rewards, float[] values, boolean[] mask) {
    float[] advantages = new float[rewards.length];
    float[] returns = new float[rewards.length];
    double nextValue = 0;
    double nextAdvantage = 0;
    for (int t = rewards.length - 1; t >= 0; t--) {
      if (mask[t]) {
        double delta = rewards[t] + gamma * nextValue - values[t];
        nextAdvantage = delta + gamma * gaeLambda * nextAdvantage;
        nextValue = values[t];
        advantages[t] = (float) nextAdvantage;
        returns[t] = (float) (nextAdvantage + values[t]);
      }
    }
    return new Estimate(advantages, returns);
  }
}
