package io.lakeloop.algorithm;

/**
 * Scales masked values to variance 1 over the whole batch, as in OpenAI's lm-human-preferences:
 * {@code (x - mean) / sqrt(variance + 1e-8)}, with the mean added back where it is kept.
 */
public final class Whitening {
  private static final double EPSILON = 1e-8;

  private Whitening() {}

  /** Which variance: divided by n, or by n - 1. */
  public enum Variance {
    POPULATION,
    BESSEL
  }

  /** Whitens in place; values outside the mask are left as they are. */
  public static void whiten(
      float[][] values, boolean[][] mask, Variance variance, boolean keepMean) {
    double count = 0;
    double sum = 0;
    for (int b = 0; b < values.length; b++) {
      for (int t = 0; t < values[b].length; t++) {
        if (mask[b][t]) {
          count++;
          sum += values[b][t];
        }
      }
    }
    double mean = sum / count;
    double squares = 0;
    for (int b = 0; b < values.length; b++) {
      for (int t = 0; t < values[b].length; t++) {
        squares += mask[b][t] ? (values[b][t] - mean) * (values[b][t] - mean) : 0;
      }
    }
    double divisor = variance == Variance.POPULATION ? count : count - 1;
    double scale = 1 / Math.sqrt(squares / divisor + EPSILON);
    for (int b = 0; b < values.length; b++) {
      for (int t = 0; t < values[b].length; t++) {
        if (mask[b][t]) {
          values[b][t] = (float) ((values[b][t] - mean) * scale + (keepMean ? mean : 0));
        }
      }
    }
  }
}
