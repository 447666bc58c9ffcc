package io.lakeloop.reward;

import io.lakeloop.algorithm.BradleyTerry;

/**
 * Brings a reward to mean 0 and deviation 1 on reference samples (D10): {@code gain = sigma_target
 * / sigma_data, bias = mu_target - gain * mu_data}.
 */
public record Normalisation(double gain, double bias) {

  public static Normalisation of(double[] scores) {
    double mean = 0;
    for (double score : scores) {
      mean += score / scores.length;
    }
    double variance = 0;
    for (double score : scores) {
      variance += (score - mean) * (score - mean) / scores.length;
    }
    double gain = variance > 0 ? 1 / Math.sqrt(variance) : 1;
    return new Normalisation(gain, -gain * mean);
  }

  public double apply(double score) {
    return gain * score + bias;
  }

  /** Chance of preference by a gap of normalised scores: the fit was before the normalisation. */
  public double preferenceProbability(double gap) {
    return BradleyTerry.sigmoid(gap / gain);
  }
}
