package io.lakeloop.agreement;

import io.lakeloop.agreement.Estimate.Quantiles;

/**
 * Agreement of any number of raters from the labels per item and category, whoever gave them, with
 * missing labels: the share of agreement and what Scott, Fleiss, Brennan and Prediger, Randolph,
 * Gwet and Krippendorff make of it. With a_ik labels of category k on item i, a_i in all, weights
 * w, n items of which n' have two labels or more:
 *
 * <pre>
 * p_a   = 1/n' sum_i sum_k a_ik (sum_l w_kl a_il - 1) / (a_i (a_i - 1))
 * pi_k  = 1/n sum_i a_ik / a_i
 * kappa = (p_a - p_e) / (1 - p_e)
 * p_e   = sum_kl w_kl pi_k pi_l                            Scott's pi, Fleiss' kappa
 *       = sum_kl w_kl / q^2                                Brennan-Prediger, Randolph
 *       = sum_kl w_kl / (q (q - 1)) sum_k pi_k (1 - pi_k)  Gwet's AC1 (identity), AC2
 * </pre>
 *
 * <p>Krippendorff's alpha pools labels where the others take means over items ({@link Pooling}),
 * counts only items with two labels or more and corrects for small samples, with N labels: {@code
 * p_a' = (1 - 1/N) p_a + 1/N}. Its observed and expected disagreement, as Krippendorff prints them,
 * are (1 - observed) / (1 - 1/N) and (1 - expected) / (1 - 1/N).
 *
 * <p>Standard errors by linearisation (Gwet 2008, <a
 * href="https://doi.org/10.1348/000711006X126600">10.1348/000711006X126600</a>; 2014), the items
 * being a sample: squares are divided by n (n - 1), or by n^2 where two raters labeled every item,
 * as the multinomial variance of their table is.
 */
public final class ItemAgreement {

  /** What is averaged where items have different numbers of labels. */
  public enum Pooling {
    /** Every item counts the same (Gwet, irrCAC, R's irr). */
    ITEM_MEANS,
    /** Every label counts the same: an item's pairs weigh 1 / (a_i - 1) (Krippendorff, DKPro). */
    POOLED_PAIRS
  }

  /** How alpha's standard error is made where more than two raters labeled. */
  public enum AlphaError {
    /** By linearisation (irrCAC's krippen.alpha.raw and its Python port). */
    LINEARISED,
    /**
     * As irrCAC 1.0 prints it for distributions (krippen.alpha.dist), where the slope of chance
     * agreement counts once: for comparison with what was printed there.
     */
    IRRCAC_DISTRIBUTION
  }

  /** Chance agreement under shares of categories, and its slope along each of them. */
  private record Chance(double expected, double[] slope) {}

  private final LabelCounts counts;
  private final Weighting weighting;
  private final Pooling pooling;
  private final Quantiles quantiles;
  private final double[] shares;
  private final double observed;
  private final double meanLabels;
  private final long items;
  private final long pairableItems;
  private final boolean twoRaters;

  /**
   * @param all with items that have one label
   */
  public ItemAgreement(LabelCounts all, Weighting weighting, Pooling pooling, Quantiles quantiles) {
    LabelCounts pairable = all.pairable();
    this.counts = pooling == Pooling.ITEM_MEANS ? all : pairable;
    this.weighting = weighting;
    this.pooling = pooling;
    this.quantiles = quantiles;
    this.items = counts.items();
    this.pairableItems = pairable.items();
    this.meanLabels = (double) counts.labels() / items;
    this.twoRaters = counts.patterns().stream().allMatch(p -> p.labels() == 2);
    double agreed = 0;
    double[] sums = new double[counts.categories()];
    for (LabelCounts.Pattern pattern : counts.patterns()) {
      agreed += pattern.items() * agreement(pattern);
      double whole = pooling == Pooling.ITEM_MEANS ? pattern.labels() : meanLabels;
      for (int k = 0; k < sums.length; k++) {
        sums[k] += pattern.items() * pattern.counts()[k] / whole;
      }
    }
    this.observed = agreed / pairableItems;
    for (int k = 0; k < sums.length; k++) {
      sums[k] /= items;
    }
    this.shares = sums;
  }

  /** What an item adds to the observed agreement, before it is divided by the items. */
  private double agreement(LabelCounts.Pattern pattern) {
    int labels = pattern.labels();
    if (labels < 2) {
      return 0;
    }
    double whole = pooling == Pooling.ITEM_MEANS ? labels : meanLabels;
    return agreeing(pattern.counts(), weighting) / (whole * (labels - 1));
  }

  /** Weighted ordered pairs of labels of an item that agree. */
  static double agreeing(int[] counts, Weighting weighting) {
    double sum = 0;
    for (int k = 0; k < counts.length; k++) {
      if (counts[k] > 0) {
        double weighted = -1;
        for (int l = 0; l < counts.length; l++) {
          weighted += weighting.matrix()[k][l] * counts[l];
        }
        sum += counts[k] * weighted;
      }
    }
    return sum;
  }

  /** Share of agreement, chance or not. */
  public Estimate percent() {
    return estimate(new Chance(0, new double[shares.length]));
  }

  /** Scott's pi (1955), for two raters; Fleiss' kappa (1971) for any number. */
  public Estimate fleiss() {
    double[] slope = weighting.mean(shares);
    for (int k = 0; k < slope.length; k++) {
      slope[k] *= 2;
    }
    return estimate(new Chance(weighting.expected(shares, shares), slope));
  }

  /**
   * Brennan and Prediger's kappa (1981), Bennett's S for two raters; Randolph's free-marginal kappa
   * (2005) without weights: chance takes every category alike, also those that nobody used.
   */
  public Estimate brennanPrediger() {
    double q = shares.length;
    return estimate(new Chance(weighting.sum() / (q * q), new double[shares.length]));
  }

  /** Gwet's AC1 (2008), AC2 with weights. */
  public Estimate gwet() {
    int q = shares.length;
    double factor = q < 2 ? 0 : weighting.sum() / ((double) q * (q - 1));
    double spread = 0;
    double[] slope = new double[q];
    for (int k = 0; k < q; k++) {
      spread += shares[k] * (1 - shares[k]);
      slope[k] = factor * (1 - 2 * shares[k]);
    }
    return estimate(new Chance(factor * spread, slope));
  }

  /** Krippendorff's alpha; the pooling must be of pairs. */
  public Estimate alpha(AlphaError error) {
    if (pooling != Pooling.POOLED_PAIRS) {
      throw new IllegalStateException("alpha pools pairs");
    }
    Estimate raw = fleiss();
    double correction = 1.0 / counts.labels();
    double corrected = (1 - correction) * raw.observed() + correction;
    double value = raw.expected() >= 1 ? 1 : (corrected - raw.expected()) / (1 - raw.expected());
    double stdError =
        error == AlphaError.IRRCAC_DISTRIBUTION && !twoRaters && value < 1
            ? distributionError(value, raw.expected(), correction)
            : raw.stdError();
    return Estimate.of(value, corrected, raw.expected(), stdError, items, quantiles);
  }

  private double distributionError(double alpha, double expected, double correction) {
    double[] towards = weighting.mean(shares);
    double squares = 0;
    for (LabelCounts.Pattern pattern : counts.patterns()) {
      double excess = (pattern.labels() - meanLabels) / meanLabels;
      double agreed = (1 - correction) * (agreement(pattern) - observed * excess) + correction;
      double chance = -excess;
      for (int k = 0; k < shares.length; k++) {
        chance += towards[k] * pattern.counts()[k] / meanLabels;
      }
      double influence = (agreed - expected - (1 - alpha) * (chance - expected)) / (1 - expected);
      squares += pattern.items() * (influence - alpha) * (influence - alpha);
    }
    return Math.sqrt(squares / (items * (items - 1.0)));
  }

  private Estimate estimate(Chance chance) {
    double expected = chance.expected();
    if (expected >= 1 - 1e-12) {
      // All labels are of one category, so nothing could differ.
      return Estimate.of(1, observed, expected);
    }
    double kappa = (observed - expected) / (1 - expected);
    double slopeAtMean = 0;
    for (int k = 0; k < shares.length; k++) {
      slopeAtMean += chance.slope()[k] * shares[k];
    }
    double squares = 0;
    for (LabelCounts.Pattern pattern : counts.patterns()) {
      double influence = influence(pattern, chance, slopeAtMean, kappa);
      squares += pattern.items() * (influence - kappa) * (influence - kappa);
    }
    double degrees = twoRaters ? items : items - 1.0;
    return Estimate.of(
        kappa, observed, expected, Math.sqrt(squares / (items * degrees)), items, quantiles);
  }

  /** What the coefficient would be if all items were like this one, to first order. */
  private double influence(
      LabelCounts.Pattern pattern, Chance chance, double slopeAtMean, double kappa) {
    double left = 1 - chance.expected();
    double slope = 0;
    double whole = pooling == Pooling.ITEM_MEANS ? pattern.labels() : meanLabels;
    for (int k = 0; k < shares.length; k++) {
      slope += chance.slope()[k] * pattern.counts()[k] / whole;
    }
    if (pooling == Pooling.ITEM_MEANS) {
      double scale = pattern.labels() >= 2 ? (double) items / pairableItems : 0;
      return (scale * (agreement(pattern) - chance.expected())
              - (1 - kappa) * (slope - slopeAtMean))
          / left;
    }
    double excess = (pattern.labels() - meanLabels) / meanLabels;
    double agreed = agreement(pattern) - observed * excess;
    return (agreed - chance.expected() - (1 - kappa) * (slope - slopeAtMean * (1 + excess))) / left;
  }
}
