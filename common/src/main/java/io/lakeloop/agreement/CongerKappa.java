package io.lakeloop.agreement;

import io.lakeloop.agreement.Estimate.Quantiles;
import java.io.Serializable;

/**
 * Conger's kappa (1980, <a
 * href="https://doi.org/10.1037/0033-2909.88.2.322">10.1037/0033-2909.88.2.322</a>): Cohen's for
 * more raters, whose chance is that of two different raters, each with the categories that they
 * use. With shares p_gk of category k with rater g, of r raters, p_k their mean and s_kl their
 * covariance over raters:
 *
 * <pre>p_e = sum_kl w_kl (p_k p_l - s_kl / r)</pre>
 *
 * <p>Its standard error by linearisation with missing labels (Gwet 2014); what an item adds is a
 * constant and one term per label, so that the sums over items can be taken wherever the labels
 * lie.
 */
public final class CongerKappa implements Serializable {
  private final Weighting weighting;
  private final double expected;
  private final double constant;
  private final double[][] terms;

  /**
   * @param counts labels by rater and category; every rater has one at least
   * @param items with one label or more
   */
  public CongerKappa(long[][] counts, long items, Weighting weighting) {
    int raters = counts.length;
    int q = weighting.matrix().length;
    this.weighting = weighting;
    double[][] shares = new double[raters][q];
    double[] labels = new double[raters];
    double[] mean = new double[q];
    for (int g = 0; g < raters; g++) {
      for (long count : counts[g]) {
        labels[g] += count;
      }
      for (int k = 0; k < q; k++) {
        shares[g][k] = counts[g][k] / labels[g];
        mean[k] += shares[g][k] / raters;
      }
    }
    double pairs = raters * (raters - 1.0);
    double own = 0;
    for (double[] share : shares) {
      own += weighting.expected(share, share);
    }
    // The mean of w over ordered pairs of different raters, which is what the formula comes to.
    expected = (weighting.expected(mean, mean) * raters * raters - own) / pairs;
    terms = new double[raters][q];
    double sum = 0;
    for (int g = 0; g < raters; g++) {
      double unrated = 0;
      double[] towardsOthers = new double[q];
      for (int l = 0; l < q; l++) {
        for (int k = 0; k < q; k++) {
          towardsOthers[l] += weighting.matrix()[k][l] * (raters * mean[k] - shares[g][k]);
        }
        unrated += towardsOthers[l] * shares[g][l];
      }
      sum += unrated / pairs;
      for (int l = 0; l < q; l++) {
        terms[g][l] = (towardsOthers[l] - unrated) * items / labels[g] / pairs;
      }
    }
    constant = sum;
  }

  /** Sums over items, which add up in any order. */
  public static final class Sums implements Serializable {
    private long items;
    private long pairable;
    private double agreed;
    private double chance;
    private double agreedSquares;
    private double chanceSquares;
    private double products;
    private double pairableChance;

    public Sums add(Sums other) {
      items += other.items;
      pairable += other.pairable;
      agreed += other.agreed;
      chance += other.chance;
      agreedSquares += other.agreedSquares;
      chanceSquares += other.chanceSquares;
      products += other.products;
      pairableChance += other.pairableChance;
      return this;
    }
  }

  /**
   * Takes an item in.
   *
   * @param counts labels per category
   * @param raters who labeled it, from {@code from} to before {@code to}
   * @param values what they said
   */
  void add(Sums sums, int[] counts, int[] raters, short[] values, int from, int to) {
    double chance = constant;
    int labels = 0;
    for (int i = from; i < to; i++) {
      chance += terms[raters[i]][values[i]];
      labels++;
    }
    double agreed =
        labels < 2 ? 0 : ItemAgreement.agreeing(counts, weighting) / (labels * (labels - 1.0));
    sums.items++;
    sums.chance += chance;
    sums.chanceSquares += chance * chance;
    if (labels >= 2) {
      sums.pairable++;
      sums.agreed += agreed;
      sums.agreedSquares += agreed * agreed;
      sums.products += agreed * chance;
      sums.pairableChance += chance;
    }
  }

  /** The coefficient by the sums over all items. */
  public Estimate estimate(Sums sums, Quantiles quantiles) {
    double observed = sums.agreed / sums.pairable;
    if (expected >= 1 - 1e-12) {
      return Estimate.of(1, observed, expected);
    }
    double kappa = (observed - expected) / (1 - expected);
    // influence = [b (a - p_e) if pairable] - c (e - p_e), less kappa; its squares, multiplied out.
    double b = (double) sums.items / sums.pairable / (1 - expected);
    double c = 2 * (1 - kappa) / (1 - expected);
    double base = c * expected - kappa;
    double shifted = -b * expected;
    double n = sums.items;
    double m = sums.pairable;
    double squares =
        b * b * sums.agreedSquares
            + m * shifted * shifted
            + 2 * b * shifted * sums.agreed
            + c * c * sums.chanceSquares
            + n * base * base
            - 2 * c * base * sums.chance
            + 2 * (b * base * sums.agreed + shifted * base * m)
            - 2 * c * (b * sums.products + shifted * sums.pairableChance);
    double error = Math.sqrt(Math.max(0, squares) / (n * (n - 1)));
    return Estimate.of(kappa, observed, expected, error, sums.items, quantiles);
  }
}
