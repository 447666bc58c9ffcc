package io.lakeloop.agreement;

import io.lakeloop.agreement.Estimate.Quantiles;

/**
 * Agreement of two raters from their table: cell kl holds the items that the first called k and the
 * second l.
 */
public final class TwoRaters {
  private final double[][] table;
  private final double items;
  private final double[] rows;
  private final double[] columns;
  private final Quantiles quantiles;

  public TwoRaters(double[][] counts, Quantiles quantiles) {
    int q = counts.length;
    double sum = 0;
    for (double[] row : counts) {
      for (double cell : row) {
        sum += cell;
      }
    }
    items = sum;
    table = new double[q][q];
    rows = new double[q];
    columns = new double[q];
    for (int k = 0; k < q; k++) {
      for (int l = 0; l < q; l++) {
        table[k][l] = counts[k][l] / sum;
        rows[k] += table[k][l];
        columns[l] += table[k][l];
      }
    }
    this.quantiles = quantiles;
  }

  /**
   * Cohen's kappa (1960, <a
   * href="https://doi.org/10.1177/001316446002000104">10.1177/001316446002000104</a>), weighted
   * kappa with weights (1968). Both standard errors as Fleiss, Cohen and Everitt (1969, <a
   * href="https://doi.org/10.1037/h0028106">10.1037/h0028106</a>); the p-value is normal, by the
   * one under independence.
   */
  public Estimate cohen(Weighting weighting) {
    Estimate bare = cohenWithoutError(weighting);
    double kappa = bare.value();
    double observed = bare.observed();
    double expected = bare.expected();
    if (expected >= 1 - 1e-12) {
      return bare;
    }
    int q = table.length;
    double[] towardsColumns = new double[q];
    double[] towardsRows = new double[q];
    for (int k = 0; k < q; k++) {
      for (int l = 0; l < q; l++) {
        towardsColumns[k] += weighting.matrix()[k][l] * columns[l];
        towardsRows[k] += weighting.matrix()[l][k] * rows[l];
      }
    }
    double squares = 0;
    double squaresH0 = 0;
    for (int k = 0; k < q; k++) {
      for (int l = 0; l < q; l++) {
        double w = weighting.matrix()[k][l];
        double mean = towardsColumns[k] + towardsRows[l];
        squares += table[k][l] * Math.pow(w - (1 - kappa) * mean, 2);
        squaresH0 += rows[k] * columns[l] * Math.pow(w - mean, 2);
      }
    }
    double centre = observed - 2 * (1 - kappa) * expected;
    double scale = items * (1 - expected) * (1 - expected);
    double error = Math.sqrt(Math.max(0, squares - centre * centre) / scale);
    double errorH0 = Math.sqrt(Math.max(0, squaresH0 - expected * expected) / scale);
    return Estimate.of(kappa, observed, expected, error, Math.round(items), quantiles)
        .against(errorH0);
  }

  /** The same without what only an interval needs: many tables are computed in a bootstrap. */
  Estimate cohenWithoutError(Weighting weighting) {
    double expected = weighting.expected(rows, columns);
    double observed = observed(weighting);
    return Estimate.of(
        expected >= 1 - 1e-12 ? 1 : (observed - expected) / (1 - expected), observed, expected);
  }

  /** The largest kappa that these margins allow (Cohen 1960). */
  public Estimate largestCohen() {
    double expected = weightless(rows, columns);
    double largest = 0;
    for (int k = 0; k < rows.length; k++) {
      largest += Math.min(rows[k], columns[k]);
    }
    return Estimate.of(
        expected >= 1 ? 1 : (largest - expected) / (1 - expected), largest, expected);
  }

  /**
   * Bangdiwala's B (1985): the squares of agreement over the rectangles that the margins span,
   * {@code sum p_kk^2 / sum p_k. p_.k}; its standard error by the delta method.
   */
  public Estimate bangdiwala() {
    double squares = 0;
    double rectangles = weightless(rows, columns);
    for (int k = 0; k < rows.length; k++) {
      squares += table[k][k] * table[k][k];
    }
    double b = squares / rectangles;
    double mean = 0;
    double second = 0;
    for (int k = 0; k < rows.length; k++) {
      for (int l = 0; l < rows.length; l++) {
        double slope = ((k == l ? 2 * table[k][k] : 0) - b * (columns[k] + rows[l])) / rectangles;
        mean += table[k][l] * slope;
        second += table[k][l] * slope * slope;
      }
    }
    double error = Math.sqrt(Math.max(0, second - mean * mean) / items);
    return Estimate.of(b, squares, rectangles, error, Math.round(items), quantiles);
  }

  private double observed(Weighting weighting) {
    double observed = 0;
    for (int k = 0; k < table.length; k++) {
      for (int l = 0; l < table.length; l++) {
        observed += weighting.matrix()[k][l] * table[k][l];
      }
    }
    return observed;
  }

  private static double weightless(double[] first, double[] second) {
    double sum = 0;
    for (int k = 0; k < first.length; k++) {
      sum += first[k] * second[k];
    }
    return sum;
  }
}
