package io.lakeloop.algorithm;

/** Advantages of whole completions against the others that were drawn beside them. */
public enum GroupBaseline {
  /**
   * Group relative policy optimisation (Shao et al. 2024, <a
   * href="https://arxiv.org/abs/2402.03300">2402.03300</a>): {@code (r - mean) / (std + 1e-6)}, of
   * the group, its deviation divided by n - 1.
   */
  GRPO {
    @Override
    public double[] advantages(double[] rewards) {
      double mean = mean(rewards);
      double squares = 0;
      for (double reward : rewards) {
        squares += (reward - mean) * (reward - mean);
      }
      double deviation = Math.sqrt(squares / Math.max(1, rewards.length - 1));
      double[] advantages = new double[rewards.length];
      for (int i = 0; i < rewards.length; i++) {
        advantages[i] = (rewards[i] - mean) / (deviation + GRPO_EPSILON);
      }
      return advantages;
    }
  },
  /**
   * REINFORCE leave-one-out (Kool et al. 2019; Ahmadian et al. 2024, <a
   * href="https://arxiv.org/abs/2402.14740">2402.14740</a>): {@code r - mean of the others}.
   */
  RLOO {
    @Override
    public double[] advantages(double[] rewards) {
      double sum = mean(rewards) * rewards.length;
      double[] advantages = new double[rewards.length];
      for (int i = 0; i < rewards.length; i++) {
        advantages[i] = rewards[i] - (sum - rewards[i]) / Math.max(1, rewards.length - 1);
      }
      return advantages;
    }
  },
  /** REINFORCE with a baseline (Williams 1992): {@code r - mean}. */
  REINFORCE {
    @Override
    public double[] advantages(double[] rewards) {
      double mean = mean(rewards);
      double[] advantages = new double[rewards.length];
      for (int i = 0; i < rewards.length; i++) {
        advantages[i] = rewards[i] - mean;
      }
      return advantages;
    }
  };

  private static final double GRPO_EPSILON = 1e-6;

  /** One advantage per completion of the group. */
  public abstract double[] advantages(double[] rewards);

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
