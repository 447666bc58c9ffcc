package io.lakeloop.agreement;

import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * A coefficient with what it was made of. What cannot be told is NaN.
 *
 * @param value the coefficient
 * @param observed agreement observed
 * @param expected agreement expected by chance; 0 for the share of agreement itself
 * @param stdError standard error
 * @param stdErrorH0 standard error if there were no agreement beyond chance
 * @param low 95 % interval, lower end
 * @param high 95 % interval, upper end, never above 1
 * @param pValue two-sided, against no agreement beyond chance
 */
public record Estimate(
    double value,
    double observed,
    double expected,
    double stdError,
    double stdErrorH0,
    double low,
    double high,
    double pValue) {

  /**
   * Where the interval's quantiles come from: Student's t with n - 1 degrees of freedom (Gwet) or
   * the normal distribution (SAS, statsmodels).
   */
  public enum Quantiles {
    STUDENT,
    NORMAL;

    private double upper(long n) {
      return this == NORMAL || n < 2
          ? new NormalDistribution().inverseCumulativeProbability(0.975)
          : new TDistribution(n - 1.0).inverseCumulativeProbability(0.975);
    }

    /** Two-sided p-value of a statistic. */
    private double pValue(double statistic, long n) {
      double below =
          this == NORMAL || n < 2
              ? new NormalDistribution().cumulativeProbability(-Math.abs(statistic))
              : new TDistribution(n - 1.0).cumulativeProbability(-Math.abs(statistic));
      return Math.min(1, 2 * below);
    }
  }

  /** Without a standard error. */
  static Estimate of(double value, double observed, double expected) {
    double none = Double.NaN;
    return new Estimate(value, observed, expected, none, none, none, none, none);
  }

  /** With interval and p-value by a standard error over n items. */
  static Estimate of(
      double value,
      double observed,
      double expected,
      double stdError,
      long n,
      Quantiles quantiles) {
    if (!(stdError > 0)) {
      return of(value, observed, expected);
    }
    double half = quantiles.upper(n) * stdError;
    return new Estimate(
        value,
        observed,
        expected,
        stdError,
        Double.NaN,
        value - half,
        Math.min(1, value + half),
        quantiles.pValue(value / stdError, n));
  }

  /** The same with a p-value by the standard error under independence, normal as is usual there. */
  Estimate against(double errorUnderChance) {
    return new Estimate(
        value,
        observed,
        expected,
        stdError,
        errorUnderChance,
        low,
        high,
        errorUnderChance > 0 ? Quantiles.NORMAL.pValue(value / errorUnderChance, 0) : Double.NaN);
  }

  /** The same with a bootstrap's error and percentiles; there is no p-value then. */
  public Estimate resampled(double error, double lower, double upper) {
    return new Estimate(value, observed, expected, error, Double.NaN, lower, upper, Double.NaN);
  }
}
