package io.lakeloop.algorithm;

/**
 * Temperature scaling (Guo et al. 2017, <a href="https://arxiv.org/abs/1706.04599">1706.04599</a>):
 * the one number T for which {@code sigmoid(z / T)} explains the outcomes best, by the root of the
 * log loss's slope in 1 / T, which is convex.
 */
public final class TemperatureScaling {
  private static final double LEAST = 0.05;
  private static final double GREATEST = 20;
  private static final int HALVINGS = 60;

  private TemperatureScaling() {}

  /**
   * Fits T.
   *
   * @param logits of the outcome that came about
   * @return T, held within 0.05 and 20: data without an error would ask for 0
   */
  public static double fit(double[] logits) {
    double low = 1 / GREATEST;
    double high = 1 / LEAST;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (low + high) / 2;
      if (slope(logits, middle) < 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return 2 / (low + high);
  }

  /** d/da of the mean of -log sigmoid(a z). */
  private static double slope(double[] logits, double a) {
    double slope = 0;
    for (double z : logits) {
      slope += (BradleyTerry.sigmoid(a * z) - 1) * z;
    }
    return slope;
  }
}
