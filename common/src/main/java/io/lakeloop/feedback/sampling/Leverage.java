package io.lakeloop.feedback.sampling;

/**
 * How much an observation would tell of a linear model's weights: {@code x' (X'X + I)^-1 x}, the
 * gain in the logarithm of the information's determinant, which D-optimal designs maximise (Kiefer
 * and Wolfowitz 1960; for preference pairs Das et al. 2024, <a
 * href="https://arxiv.org/abs/2402.10500">2402.10500</a>).
 */
public final class Leverage {
  private Leverage() {}

  /** Leverage of every row in the design of all rows. */
  public static double[] of(double[][] rows) {
    double[][] inverse = identity(rows.length == 0 ? 0 : rows[0].length);
    for (double[] row : rows) {
      observe(inverse, row);
    }
    double[] leverage = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      leverage[i] = quadratic(inverse, rows[i]);
    }
    return leverage;
  }

  /**
   * Chooses rows one after the other, each the one that tells most beyond those before it.
   *
   * @return places of the rows chosen, in the order of their choice
   */
  public static int[] greedy(double[][] rows, int count) {
    if (rows.length == 0) {
      return new int[0];
    }
    double[][] inverse = identity(rows[0].length);
    double[] gains = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      gains[i] = dot(rows[i], rows[i]);
    }
    int[] chosen = new int[Math.min(count, rows.length)];
    for (int n = 0; n < chosen.length; n++) {
      int best = 0;
      for (int i = 1; i < rows.length; i++) {
        best = gains[i] > gains[best] ? i : best;
      }
      chosen[n] = best;
      double[] product = times(inverse, rows[best]);
      double scale = 1 / (1 + gains[best]);
      // The inverse changes by rank one, so every gain does by one product.
      for (int i = 0; i < rows.length; i++) {
        double along = dot(rows[i], product);
        gains[i] -= scale * along * along;
      }
      gains[best] = Double.NEGATIVE_INFINITY;
      subtract(inverse, product, scale);
    }
    return chosen;
  }

  private static double[][] identity(int size) {
    double[][] identity = new double[size][size];
    for (int i = 0; i < size; i++) {
      identity[i][i] = 1;
    }
    return identity;
  }

  private static double[] times(double[][] matrix, double[] x) {
    double[] product = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double sum = 0;
      for (int j = 0; j < x.length; j++) {
        sum += matrix[i][j] * x[j];
      }
      product[i] = sum;
    }
    return product;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double quadratic(double[][] inverse, double[] x) {
    return dot(x, times(inverse, x));
  }

  /** Sherman and Morrison: the inverse after one more row. */
  private static void observe(double[][] inverse, double[] x) {
    double[] product = times(inverse, x);
    subtract(inverse, product, 1 / (1 + dot(x, product)));
  }

  private static void subtract(double[][] inverse, double[] product, double scale) {
    for (int i = 0; i < product.length; i++) {
      for (int j = 0; j < product.length; j++) {
        inverse[i][j] -= scale * product[i] * product[j];
      }
    }
  }
}
