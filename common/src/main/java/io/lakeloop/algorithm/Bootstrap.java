package io.lakeloop.algorithm;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/**
 * Percentile bootstrap (Efron 1979, <a
 * href="https://doi.org/10.1214/aos/1176344552">10.1214/aos/1176344552</a>), seeded.
 *
 * @param low 2.5 % quantile of the statistic over resamples
 * @param high 97.5 % quantile
 */
public record Bootstrap(double low, double high) {
  private static final int RESAMPLES = 1000;

  /**
   * Resamples units with replacement.
   *
   * @param units number of independent units: rows, or clusters of them
   * @param statistic its value on drawn unit numbers
   */
  public static Bootstrap of(int units, long seed, ToDoubleFunction<int[]> statistic) {
    double[] values = new double[RESAMPLES];
    int[] drawn = new int[units];
    for (int r = 0; r < RESAMPLES; r++) {
      for (int i = 0; i < units; i++) {
        drawn[i] = CounterRandom.below(units, seed, r, i);
      }
      values[r] = statistic.applyAsDouble(drawn);
    }
    Arrays.sort(values);
    return new Bootstrap(values[(int) (0.025 * RESAMPLES)], values[(int) (0.975 * RESAMPLES)]);
  }
}
