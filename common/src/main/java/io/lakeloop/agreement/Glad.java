package io.lakeloop.agreement;

import io.lakeloop.algorithm.BradleyTerry;

/**
 * Raters of ability alpha_r and items of ease beta_i (GLAD, Whitehill et al. 2009, <a
 * href="https://papers.nips.cc/paper/2009/hash/f899139df5e1059396431415e770c6dd-Abstract.html">Whose
 * vote should count more</a>):
 *
 * <pre>P(l_ir = t) = sigmoid(alpha_r beta_i), any other answer alike</pre>
 *
 * <p>with priors alpha ~ N(1, 1), log beta ~ N(1, 1), classes alike. An item's truth and ease are
 * found together, given the raters, by steps of their own inside its block, so that only the
 * raters' abilities are kept between steps; these go one damped Newton step at a time. The
 * objective is the log-likelihood with the log of the priors, up to a constant.
 */
public final class Glad implements TruthModel<LabelBlock> {
  private static final int INNER_STEPS = 12;
  private static final double LARGEST_STEP = 1;

  private final int classes;
  private final double[] abilities;

  private Glad(int classes, double[] abilities) {
    this.classes = classes;
    this.abilities = abilities;
  }

  /** The model before its first step: all abilities are 1. */
  public static Glad start(int raters, int classes) {
    double[] ones = new double[raters];
    java.util.Arrays.fill(ones, 1);
    return new Glad(classes, ones);
  }

  @Override
  public int cells() {
    return 2 * abilities.length + 1;
  }

  /** An item's truth, ease and objective given the raters. */
  private record Item(double[] truth, double ease, double objective) {}

  private Item infer(LabelBlock block, int item) {
    double logEase = 1;
    double[] truth = new double[classes];
    for (int step = 0; step < INNER_STEPS; step++) {
      truth(block, item, Math.exp(logEase), truth);
      double slope = -(logEase - 1);
      double curvature = 1;
      for (int at = block.start(item); at < block.end(item); at++) {
        double x = abilities[block.rater(at)] * Math.exp(logEase);
        double right = BradleyTerry.sigmoid(x);
        slope += x * (truth[block.value(at)] - right);
        curvature += x * x * right * (1 - right);
      }
      logEase += clip(slope / curvature);
    }
    double likelihood = truth(block, item, Math.exp(logEase), truth);
    return new Item(truth, Math.exp(logEase), likelihood - (logEase - 1) * (logEase - 1) / 2);
  }

  private double truth(LabelBlock block, int item, double ease, double[] truth) {
    java.util.Arrays.fill(truth, -Math.log(classes));
    for (int at = block.start(item); at < block.end(item); at++) {
      double x = abilities[block.rater(at)] * ease;
      double right = -Math.log1p(Math.exp(-x));
      double wrong = -Math.log1p(Math.exp(x)) - Math.log(Math.max(1, classes - 1));
      for (int t = 0; t < classes; t++) {
        truth[t] += t == block.value(at) ? right : wrong;
      }
    }
    return ConfusionModel.normalise(truth);
  }

  private static double clip(double step) {
    return Math.max(-LARGEST_STEP, Math.min(LARGEST_STEP, step));
  }

  @Override
  public FixedSums expect(LabelBlock block) {
    FixedSums sums = new FixedSums(cells());
    int raters = abilities.length;
    for (int i = 0; i < block.items(); i++) {
      Item item = infer(block, i);
      for (int at = block.start(i); at < block.end(i); at++) {
        double right = BradleyTerry.sigmoid(abilities[block.rater(at)] * item.ease());
        sums.add(block.rater(at), item.ease() * (item.truth()[block.value(at)] - right));
        sums.add(raters + block.rater(at), item.ease() * item.ease() * right * (1 - right));
      }
      sums.add(cells() - 1, item.objective());
    }
    return sums;
  }

  @Override
  public Glad maximise(FixedSums sums) {
    double[] next = abilities.clone();
    for (int r = 0; r < next.length; r++) {
      double slope = sums.get(r) - (next[r] - 1);
      next[r] += clip(slope / (sums.get(next.length + r) + 1));
    }
    return new Glad(classes, next);
  }

  @Override
  public double objective(FixedSums sums) {
    double priors = 0;
    for (double ability : abilities) {
      priors -= (ability - 1) * (ability - 1) / 2;
    }
    return sums.get(cells() - 1) + priors;
  }

  @Override
  public double[][] posteriors(LabelBlock block) {
    double[][] all = new double[block.items()][];
    for (int i = 0; i < all.length; i++) {
      all[i] = infer(block, i).truth();
    }
    return all;
  }

  public double ability(int rater) {
    return abilities[rater];
  }
}
