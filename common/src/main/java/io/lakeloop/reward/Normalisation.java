package io.lakeloop.reward;

import io.lakeloop.algorithm.BradleyTerry;

/**
 * Brings a reward to mean 0 and deviation 1 on reference samples (D10): {@code gain = sigma_target
 * / sigma_data, bias = mu_target - gain * mu_data}.
 *
 * @param temperature by which the fit's logits are divided to give probabilities
 */
public record Normalisation(double gain, double bias, double temperature) {

  /** Leaves scores as they are. */
  public static Normalisation none() {
    return new Normalisation(1, 0, 1);
  }

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
    return new Normalisation(gain, -gain * mean, 1);
  }

  /** The same with another temperature. */
  public Normalisation calibrated(double fitted) {
    return new Normalisation(gain, bias, fitted);
  }

  public double apply(double score) {
    return gain * score + bias;
  }

  /** Log odds of preference by a gap of normalised scores: the fit was before the normalisation. */
  public double logit(double gap) {
    return gap / (gain * temperature);
  }

  /** Chance of preference by a gap of normalised scores. */
  public double preferenceProbability(double gap) {
    return BradleyTerry.sigmoid(logit(gap));
  }
}
