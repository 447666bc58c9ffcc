package io.lakeloop.agreement;

import io.lakeloop.agreement.Estimate.Quantiles;
import java.util.List;

/**
 * Whether raters of a cohort agree more with each other than with the others: pairs of labels on an
 * item, both by the cohort or one by it, and how many of them agree. The difference of the two
 * shares has a standard error by linearisation over items (a ratio estimator's), so that labels on
 * one item may hang together.
 */
public final class CohortAgreement {
  private static final int MOMENTS = 15;

  private CohortAgreement() {}

  /**
   * Sums over a block's items: agreeing pairs and pairs within, agreeing pairs and pairs across,
   * and the products of any two of these and of 1.
   *
   * @param cohorts of each rater, -1 for none
   * @param cohort to look at, or -1 for every cohort against all others
   */
  public static long[] sums(LabelBlock block, int[] cohorts, int cohort) {
    long[] sums = new long[MOMENTS];
    for (int i = 0; i < block.items(); i++) {
      long[] pairs = pairs(block, i, cohorts, cohort);
      int cell = 0;
      for (int x = 0; x < pairs.length; x++) {
        for (int y = x; y < pairs.length; y++) {
          sums[cell++] += pairs[x] * pairs[y];
        }
      }
    }
    return sums;
  }

  private static long[] pairs(LabelBlock block, int item, int[] cohorts, int cohort) {
    long[] pairs = {1, 0, 0, 0, 0};
    for (int x = block.start(item); x < block.end(item); x++) {
      int first = cohorts[block.rater(x)];
      for (int y = x + 1; y < block.end(item); y++) {
        int second = cohorts[block.rater(y)];
        boolean counts =
            first >= 0 && second >= 0 && (cohort < 0 || first == cohort || second == cohort);
        if (counts) {
          int at = first == second ? 1 : 3;
          pairs[at] += block.value(x) == block.value(y) ? 1 : 0;
          pairs[at + 1]++;
        }
      }
    }
    return pairs;
  }

  /**
   * By the sums over all blocks.
   *
   * @return agreement within, agreement across and the difference of the two with interval and
   *     p-value; empty where there are no pairs of either kind
   */
  public static List<Estimate> estimates(long[] sums, Quantiles quantiles) {
    double items = sums[0];
    double within = sums[2];
    double across = sums[4];
    if (within == 0 || across == 0) {
      return List.of();
    }
    double in = sums[1] / within;
    double cross = sums[3] / across;
    double[] inFactors = {0, 1 / within, -in / within, 0, 0};
    double[] crossFactors = {0, 0, 0, 1 / across, -cross / across};
    double[] gapFactors = {0, 1 / within, -in / within, -1 / across, cross / across};
    long n = Math.round(items);
    return List.of(
        Estimate.of(in, in, 0, error(sums, inFactors), n, quantiles),
        Estimate.of(cross, cross, 0, error(sums, crossFactors), n, quantiles),
        Estimate.of(in - cross, in, cross, error(sums, gapFactors), n, quantiles));
  }

  /** Root of the sum over items of the squared linear combination. */
  private static double error(long[] sums, double[] factors) {
    double squares = 0;
    int cell = 0;
    for (int x = 0; x < factors.length; x++) {
      for (int y = x; y < factors.length; y++) {
        squares += (x == y ? 1 : 2) * factors[x] * factors[y] * sums[cell++];
      }
    }
    return Math.sqrt(Math.max(0, squares));
  }
}
