package io.lakeloop.agreement;

/**
 * The answer that most raters gave; of answers that tie, the first in order. Beside it, two
 * measures that Crowd-Kit (<a href="https://crowd-kit.readthedocs.io">crowd-kit</a>) takes of an
 * aggregation, with s_r the share of rater r's answers that are the majority's, K categories:
 *
 * <pre>
 * P(l | t, r)  = s_r if l = t, (1 - s_r) / (K - 1) elsewhere
 * consistency  = mean over items of prod_r P(l_r | majority, r) / sum_t prod_r P(l_r | t, r)
 * uncertainty  = mean over items of the entropy, in nats, of sum_r P(t | l_r, r), scaled to 1
 * </pre>
 */
public final class Majority {
  private Majority() {}

  /** The category of an item that most raters gave. */
  public static int of(int[] counts) {
    int most = 0;
    for (int k = 1; k < counts.length; k++) {
      most = counts[k] > counts[most] ? k : most;
    }
    return most;
  }

  /**
   * How often raters said what the majority says.
   *
   * @return by rater, times and labels in turn
   */
  public static long[] agreement(LabelBlock block, int raters, int categories) {
    long[] cells = new long[2 * raters];
    for (int i = 0; i < block.items(); i++) {
      int majority = of(block.counts(i, categories));
      for (int at = block.start(i); at < block.end(i); at++) {
        cells[2 * block.rater(at)] += block.value(at) == majority ? 1 : 0;
        cells[2 * block.rater(at) + 1]++;
      }
    }
    return cells;
  }

  /**
   * Sums over a block's items.
   *
   * @param agreement by rater, times and labels in turn
   * @return of consistency and of uncertainty
   */
  public static double[] quality(LabelBlock block, long[] agreement, int categories) {
    double consistency = 0;
    double uncertainty = 0;
    for (int i = 0; i < block.items(); i++) {
      double[] product = new double[categories];
      double[] sum = new double[categories];
      java.util.Arrays.fill(product, 1);
      for (int at = block.start(i); at < block.end(i); at++) {
        int r = block.rater(at);
        double skill = (double) agreement[2 * r] / agreement[2 * r + 1];
        for (int t = 0; t < categories; t++) {
          double chance = t == block.value(at) ? skill : (1 - skill) / (categories - 1);
          product[t] *= chance;
          sum[t] += chance;
        }
      }
      double products = java.util.Arrays.stream(product).sum();
      double sums = java.util.Arrays.stream(sum).sum();
      consistency += products > 0 ? product[of(block.counts(i, categories))] / products : 0;
      for (double share : sum) {
        uncertainty -= share > 0 ? share / sums * Math.log(share / sums) : 0;
      }
    }
    return new double[] {consistency, uncertainty};
  }
}
