package io.lakeloop.agreement;

import io.lakeloop.algorithm.CounterRandom;
import java.util.Arrays;

/**
 * Krippendorff's alpha for nominal data with any number of raters and missing labels (Krippendorff
 * 2011, <a href="https://repository.upenn.edu/handle/20.500.14332/2089">Computing Krippendorff's
 * alpha-reliability</a>):
 *
 * <pre>
 * D_o = 1/n sum_items (n_u^2 - sum_c n_uc^2) / (n_u - 1)
 * D_e = (n^2 - sum_c n_c^2) / (n (n - 1))
 * alpha = 1 - D_o / D_e
 * </pre>
 *
 * <p>with n_uc labels of category c on item u, over items with two labels or more. It is 1 where
 * all labels are of one category and so nothing could differ.
 */
public final class KrippendorffAlpha {
  private KrippendorffAlpha() {}

  public static double nominal(LabelCounts labels) {
    Sums sums = new Sums(labels.categories());
    for (LabelCounts.Pattern pattern : labels.patterns()) {
      sums.add(pattern, pattern.items());
    }
    return sums.alpha();
  }

  private static final class Sums {
    private final double[] perCategory;
    private double disagreement;

    private Sums(int categories) {
      perCategory = new double[categories];
    }

    private void add(LabelCounts.Pattern pattern, double items) {
      double labels = pattern.labels();
      double squares = 0;
      for (int c = 0; c < perCategory.length; c++) {
        double count = pattern.counts()[c];
        squares += count * count;
        perCategory[c] += items * count;
      }
      disagreement += items * (labels * labels - squares) / (labels - 1);
    }

    private double alpha() {
      double n = Arrays.stream(perCategory).sum();
      double expected = (n * n - Arrays.stream(perCategory).map(c -> c * c).sum()) / (n * (n - 1));
      return expected == 0 ? 1 : 1 - disagreement / n / expected;
    }
  }

  /**
   * Percentile bootstrap over items, seeded.
   *
   * @return standard error, 2.5 % and 97.5 % quantile
   */
  public static double[] bootstrap(LabelCounts labels, int resamples, long seed) {
    long items = labels.items();
    double[] alphas = new double[resamples];
    for (int r = 0; r < resamples; r++) {
      Sums sums = new Sums(labels.categories());
      long left = items;
      long open = items;
      int p = 0;
      for (LabelCounts.Pattern pattern : labels.patterns()) {
        // The number of draws that fall on a pattern is binomial, given those before it.
        long drawn = binomial(left, (double) pattern.items() / open, seed, r, p++);
        sums.add(pattern, drawn);
        left -= drawn;
        open -= pattern.items();
      }
      alphas[r] = sums.alpha();
    }
    Arrays.sort(alphas);
    double mean = Arrays.stream(alphas).average().orElseThrow();
    double variance = Arrays.stream(alphas).map(a -> (a - mean) * (a - mean)).sum();
    return new double[] {
      Math.sqrt(variance / (resamples - 1)),
      alphas[(int) (0.025 * resamples)],
      alphas[Math.min(resamples - 1, (int) (0.975 * resamples))]
    };
  }

  /** Exact below 1,000 draws, by its normal limit above. */
  private static long binomial(long n, double p, long seed, long resample, long pattern) {
    if (p >= 1 || n == 0) {
      return n;
    }
    if (n > 1000 && n * p > 50 && n * (1 - p) > 50) {
      double normal = CounterRandom.gaussian(seed, resample, pattern);
      long drawn = Math.round(n * p + Math.sqrt(n * p * (1 - p)) * normal);
      return Math.max(0, Math.min(n, drawn));
    }
    long key = CounterRandom.bits(seed, resample, pattern);
    long drawn = 0;
    // Geometric gaps between successes: as many steps as there are successes.
    double at = 0;
    for (long i = 0; ; i++) {
      at += Math.floor(Math.log(1 - CounterRandom.uniform(key, i)) / Math.log1p(-p)) + 1;
      if (at > n) {
        return drawn;
      }
      drawn++;
    }
  }
}
