package io.lakeloop.agreement;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Raters whose answer l depends on the truth t and on who they are: {@code P(l | t, r)}, answers
 * independent given the truth. With labels l_ir of item i, classes' shares p_t:
 *
 * <pre>
 * E: T_it = p_t prod_r P(l_ir | t, r) / sum over t
 * log-likelihood = sum_i log sum_t p_t prod_r P(l_ir | t, r)
 * </pre>
 *
 * <p>The M-step takes expected counts n_rtl of rater r saying l where the truth is t, and differs
 * by {@link Kind}. A rater with n_r labels, fewer than M, is topped up: taken to have answered m_r
 * = M - n_r more, spread evenly over the truths, as the raters together do, whose matrix is c_tl.
 * Else whoever gave three labels would be right or wrong for sure. The first truth is the share of
 * an item's labels (Dawid and Skene's 3.1).
 */
public final class ConfusionModel implements TruthModel<LabelBlock> {

  /** What a rater's answers can look like. */
  public enum Kind {
    /**
     * A matrix of their own: {@code P(l | t, r) = (n_rtl + m_r c_tl / K) / sum over l}, which
     * without topping up (m_r = 0) is maximum likelihood (Dawid and Skene 1979, <a
     * href="https://doi.org/10.2307/2346806">10.2307/2346806</a>).
     */
    DAWID_SKENE,
    /**
     * One skill: the truth with chance theta_r, else any other answer alike (ZenCrowd, Demartini et
     * al. 2012, <a href="https://doi.org/10.1145/2187836.2187900">10.1145/2187836.2187900</a>).
     */
    ONE_COIN,
    /**
     * The truth with chance theta_r, else a spammer's answer by their own habit xi_r: {@code P(l |
     * t, r) = theta_r [l = t] + (1 - theta_r) xi_rl} (MACE, Hovy et al. 2013, <a
     * href="https://aclanthology.org/N13-1132/">N13-1132</a>); classes alike, counts smoothed by
     * 0.01 / K, begun at theta 0.5 and even habits instead of restarts at random.
     */
    MACE
  }

  private static final double MACE_SMOOTHING = 0.01;

  private final Kind kind;
  private final int raters;
  private final int classes;
  private final int topUp;
  private final double[] chances;
  private final double[] prior;

  private ConfusionModel(
      Kind kind, int raters, int classes, int topUp, double[] chances, double[] prior) {
    this.kind = kind;
    this.raters = raters;
    this.classes = classes;
    this.topUp = topUp;
    this.chances = chances;
    this.prior = prior;
  }

  /**
   * The model before its first step.
   *
   * @param topUp labels that every rater's matrix or skill is topped up to; 0 is maximum likelihood
   */
  public static ConfusionModel start(Kind kind, int raters, int classes, int topUp) {
    return new ConfusionModel(kind, raters, classes, topUp, null, null);
  }

  @Override
  public int cells() {
    return raters * classes * classes + classes + 1;
  }

  @Override
  public FixedSums expect(LabelBlock block) {
    FixedSums sums = new FixedSums(cells());
    int classCells = raters * classes * classes;
    for (int i = 0; i < block.items(); i++) {
      double[] truth = new double[classes];
      sums.add(cells() - 1, posterior(block, i, truth));
      for (int t = 0; t < classes; t++) {
        if (truth[t] > 0) {
          sums.add(classCells + t, truth[t]);
          for (int at = block.start(i); at < block.end(i); at++) {
            sums.add(cell(block.rater(at), t, block.value(at)), truth[t]);
          }
        }
      }
    }
    return sums;
  }

  private int cell(int rater, int truth, int answer) {
    return (rater * classes + truth) * classes + answer;
  }

  @Override
  public double[][] posteriors(LabelBlock block) {
    double[][] all = new double[block.items()][classes];
    for (int i = 0; i < all.length; i++) {
      posterior(block, i, all[i]);
    }
    return all;
  }

  /** Fills in the posterior, and returns the log-likelihood of the item. */
  private double posterior(LabelBlock block, int item, double[] truth) {
    int from = block.start(item);
    int to = block.end(item);
    if (prior == null) {
      for (int at = from; at < to; at++) {
        truth[block.value(at)] += 1.0 / (to - from);
      }
      return 0;
    }
    for (int t = 0; t < classes; t++) {
      truth[t] = Math.log(prior[t]);
    }
    for (int at = from; at < to; at++) {
      for (int t = 0; t < classes; t++) {
        truth[t] += chances[cell(block.rater(at), t, block.value(at))];
      }
    }
    return normalise(truth);
  }

  /** Turns logs into shares in place; returns the log of their sum. */
  static double normalise(double[] logs) {
    double most = Double.NEGATIVE_INFINITY;
    for (double log : logs) {
      most = Math.max(most, log);
    }
    double sum = 0;
    for (int t = 0; t < logs.length; t++) {
      logs[t] = Math.exp(logs[t] - most);
      sum += logs[t];
    }
    for (int t = 0; t < logs.length; t++) {
      logs[t] /= sum;
    }
    return most + Math.log(sum);
  }

  @Override
  public ConfusionModel maximise(FixedSums sums) {
    double[] shares = new double[classes];
    double items = 0;
    for (int t = 0; t < classes; t++) {
      shares[t] = kind == Kind.MACE ? 1 : sums.get(raters * classes * classes + t);
      items += shares[t];
    }
    for (int t = 0; t < classes; t++) {
      shares[t] /= items;
    }
    double[] next = new double[raters * classes * classes];
    double[][] common = common(sums);
    for (int r = 0; r < raters; r++) {
      double[][] counts = counts(sums, r);
      if (kind != Kind.MACE) {
        toppedUp(counts, common);
      }
      double[][] chance =
          switch (kind) {
            case DAWID_SKENE -> matrix(counts);
            case ONE_COIN -> coin(counts);
            case MACE -> habit(counts, r);
          };
      for (int t = 0; t < classes; t++) {
        for (int l = 0; l < classes; l++) {
          next[cell(r, t, l)] = Math.log(chance[t][l]);
        }
      }
    }
    return new ConfusionModel(kind, raters, classes, topUp, next, shares);
  }

  private double[][] counts(FixedSums sums, int rater) {
    double[][] counts = new double[classes][classes];
    for (int t = 0; t < classes; t++) {
      for (int l = 0; l < classes; l++) {
        counts[t][l] = sums.get(cell(rater, t, l));
      }
    }
    return counts;
  }

  /** The matrix of all raters together. */
  private double[][] common(FixedSums sums) {
    double[][] common = new double[classes][classes];
    for (int r = 0; r < raters; r++) {
      double[][] counts = counts(sums, r);
      for (int t = 0; t < classes; t++) {
        for (int l = 0; l < classes; l++) {
          common[t][l] += counts[t][l];
        }
      }
    }
    return matrix(common);
  }

  private void toppedUp(double[][] counts, double[][] common) {
    double labels = 0;
    for (double[] row : counts) {
      labels += Arrays.stream(row).sum();
    }
    double missing = Math.max(0, topUp - Math.rint(labels)) / classes;
    for (int t = 0; t < classes; t++) {
      for (int l = 0; l < classes; l++) {
        counts[t][l] += missing * common[t][l];
      }
    }
  }

  private double[][] matrix(double[][] counts) {
    double[][] chance = new double[classes][classes];
    for (int t = 0; t < classes; t++) {
      double all = Arrays.stream(counts[t]).sum();
      for (int l = 0; l < classes; l++) {
        chance[t][l] = all > 0 ? counts[t][l] / all : 1.0 / classes;
      }
    }
    return chance;
  }

  private double[][] coin(double[][] counts) {
    double right = 0;
    double all = 0;
    for (int t = 0; t < classes; t++) {
      right += counts[t][t];
      all += Arrays.stream(counts[t]).sum();
    }
    double skill = right / all;
    double[][] chance = new double[classes][classes];
    for (int t = 0; t < classes; t++) {
      Arrays.fill(chance[t], (1 - skill) / Math.max(1, classes - 1));
      chance[t][t] = skill;
    }
    return chance;
  }

  private double[][] habit(double[][] counts, int rater) {
    double delta = MACE_SMOOTHING / classes;
    double honest = delta;
    double[] spam = new double[classes];
    double spams = classes * delta;
    for (int l = 0; l < classes; l++) {
      // Of answers that are true, the share that habit gave is what it gives where they are false.
      double byHabit =
          chances == null
              ? 1.0 / (classes + 1)
              : Math.exp(chances[cell(rater, (l + 1) % classes, l)] - chances[cell(rater, l, l)]);
      spam[l] = delta + counts[l][l] * byHabit;
      honest += counts[l][l] * (1 - byHabit);
      for (int t = 0; t < classes; t++) {
        spam[l] += t == l ? 0 : counts[t][l];
      }
      spams += spam[l] - delta;
    }
    double skill = honest / (honest + delta + spams - classes * delta);
    double[][] chance = new double[classes][classes];
    for (int t = 0; t < classes; t++) {
      for (int l = 0; l < classes; l++) {
        chance[t][l] = (1 - skill) * spam[l] / spams + (t == l ? skill : 0);
      }
    }
    return chance;
  }

  /** Shares of the classes. */
  public double[] prior() {
    return prior.clone();
  }

  /** The chance of answer l by a rater where t is true. */
  public double chance(int rater, int truth, int answer) {
    return Math.exp(chances[cell(rater, truth, answer)]);
  }

  /** Chance of a true answer, over the classes by their shares. */
  public double skill(int rater) {
    double skill = 0;
    for (int t = 0; t < classes; t++) {
      skill += prior[t] * chance(rater, t, t);
    }
    return skill;
  }

  /** The shares of the classes by name, for the metrics. */
  public Map<String, Double> marginals(List<String> names) {
    Map<String, Double> marginals = new TreeMap<>();
    for (int t = 0; t < classes; t++) {
      marginals.put("class_marginal/" + names.get(t), prior[t]);
    }
    return marginals;
  }
}
