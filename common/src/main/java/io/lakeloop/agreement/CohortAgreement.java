package io.lakeloop.agreement;

import io.lakeloop.agreement.Estimate.Quantiles;
import java.util.List;

/**
 * Whether raters of a cohort agree more with each other than with the others: pairs of labels on an
 * item, both by the cohort or one by it, and how many of them agree. For the gap between the two,
 * an item's pairs are first compared with all pairs on that item, so that hard items, on which
 * nobody agrees, do not count for or against:
 *
 * <pre>
 * a_i = agreeing pairs / pairs on item i
 * gap = sum_i (within_i - w_i a_i) / sum_i w_i - sum_i (across_i - c_i a_i) / sum_i c_i
 * </pre>
 *
 * <p>with w_i pairs within, of which within_i agree, c_i across. Where cohorts don't matter, who
 * said what on an item may be exchanged, and the gap is 0. Standard errors are those of ratio
 * estimators over items, so that labels on one item may hang together.
 */
public final class CohortAgreement {
  private static final int TERMS = 7;
  private static final int MOMENTS = TERMS * (TERMS + 1) / 2;

  private CohortAgreement() {}

  /**
   * Sums over a block's items of 1, agreeing pairs and pairs within, agreeing pairs and pairs
   * across, both agreements beyond the item's, and of the products of any two of these.
   *
   * @param cohorts of each rater, -1 for none
   * @param cohort to look at, or -1 for every cohort against all others
   */
  public static FixedSums sums(LabelBlock block, int[] cohorts, int cohort) {
    FixedSums sums = new FixedSums(MOMENTS);
    for (int i = 0; i < block.items(); i++) {
      double[] terms = terms(block, i, cohorts, cohort);
      int cell = 0;
      for (int x = 0; x < TERMS; x++) {
        for (int y = x; y < TERMS; y++) {
          sums.add(cell++, terms[x] * terms[y]);
        }
      }
    }
    return sums;
  }

  private static double[] terms(LabelBlock block, int item, int[] cohorts, int cohort) {
    double[] terms = new double[TERMS];
    double agreeing = 0;
    double pairs = 0;
    for (int x = block.start(item); x < block.end(item); x++) {
      int first = cohorts[block.rater(x)];
      for (int y = x + 1; y < block.end(item); y++) {
        int second = cohorts[block.rater(y)];
        if (first >= 0 && second >= 0) {
          int agrees = block.value(x) == block.value(y) ? 1 : 0;
          agreeing += agrees;
          pairs++;
          if (cohort < 0 || first == cohort || second == cohort) {
            int at = first == second ? 1 : 3;
            terms[at] += agrees;
            terms[at + 1]++;
          }
        }
      }
    }
    double mean = pairs == 0 ? 0 : agreeing / pairs;
    terms[0] = 1;
    terms[5] = terms[1] - terms[2] * mean;
    terms[6] = terms[3] - terms[4] * mean;
    return terms;
  }

  /**
   * By the sums over all blocks.
   *
   * @return agreement within, agreement across and the gap with interval and p-value; empty where
   *     there are no pairs of either kind
   */
  public static List<Estimate> estimates(FixedSums sums, Quantiles quantiles) {
    double within = sums.get(2);
    double across = sums.get(4);
    if (within == 0 || across == 0) {
      return List.of();
    }
    double in = sums.get(1) / within;
    double cross = sums.get(3) / across;
    double beyond = sums.get(5) / within;
    double below = sums.get(6) / across;
    double[] inFactors = {0, 1 / within, -in / within, 0, 0, 0, 0};
    double[] crossFactors = {0, 0, 0, 1 / across, -cross / across, 0, 0};
    double[] gapFactors = {0, 0, -beyond / within, 0, below / across, 1 / within, -1 / across};
    long n = items(sums);
    return List.of(
        Estimate.of(in, in, 0, error(sums, inFactors), n, quantiles),
        Estimate.of(cross, cross, 0, error(sums, crossFactors), n, quantiles),
        Estimate.of(beyond - below, in, cross, error(sums, gapFactors), n, quantiles));
  }

  /** Items that the sums are over. */
  public static long items(FixedSums sums) {
    return Math.round(sums.get(0));
  }

  /** Root of the sum over items of the squared linear combination. */
  private static double error(FixedSums sums, double[] factors) {
    double squares = 0;
    int cell = 0;
    for (int x = 0; x < factors.length; x++) {
      for (int y = x; y < factors.length; y++) {
        squares += (x == y ? 1 : 2) * factors[x] * factors[y] * sums.get(cell++);
      }
    }
    return Math.sqrt(Math.max(0, squares));
  }
}
