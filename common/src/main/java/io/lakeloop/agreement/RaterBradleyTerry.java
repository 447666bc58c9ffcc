package io.lakeloop.agreement;

import io.lakeloop.algorithm.BradleyTerry;
import java.util.Arrays;

/**
 * Things of worth s, compared by raters of reliability g_r who lean to the left by b_r (Bradley and
 * Terry 1952; reliability as in Chen et al. 2013, <a
 * href="https://doi.org/10.1145/2433396.2433420">Pairwise ranking aggregation in a crowdsourced
 * setting</a>, as a slope; position as a shift of the log-odds):
 *
 * <pre>P(first over second | r) = sigmoid(g_r (s_first - s_second) + b_r place)</pre>
 *
 * <p>with place 1 where the first stood on the left, -1 on the right. Priors s ~ N(0, 1), g ~ N(1,
 * 1/4), b ~ N(0, 1/4); a vote for neither is half a vote for each. Worth is found group by group,
 * given the raters, by coordinate Newton steps within the block; only the raters' two numbers are
 * kept between steps and go one damped Newton step at a time. The objective is the log-likelihood
 * with the log of the priors, up to a constant.
 */
public final class RaterBradleyTerry implements TruthModel<ComparisonBlock> {
  private static final int SWEEPS = 25;
  private static final double PRECISION = 4;
  private static final double LARGEST_STEP = 0.5;
  private static final int SUMS = 5;

  private final double[] reliability;
  private final double[] leaning;

  private RaterBradleyTerry(double[] reliability, double[] leaning) {
    this.reliability = reliability;
    this.leaning = leaning;
  }

  /** The model before its first step: all raters are reliable alike and lean to no side. */
  public static RaterBradleyTerry start(int raters) {
    double[] ones = new double[raters];
    Arrays.fill(ones, 1);
    return new RaterBradleyTerry(ones, new double[raters]);
  }

  @Override
  public int cells() {
    return SUMS * reliability.length + 1;
  }

  /** Worth of a block's things given the raters, and the precision of each. */
  private record Worth(double[] worth, double[] precision) {
    /** The chance that the first is better: the logit, shrunk by what is not known of it. */
    double first(ComparisonBlock block, int item) {
      int a = block.first()[item];
      int b = block.second()[item];
      double variance = 1 / precision[a] + 1 / precision[b];
      return BradleyTerry.sigmoid((worth[a] - worth[b]) / Math.sqrt(1 + Math.PI * variance / 8));
    }
  }

  private Worth worth(ComparisonBlock block) {
    double[] worth = new double[block.things()];
    double[] precision = new double[block.things()];
    for (int group = 0; group + 1 < block.groups().length; group++) {
      solve(block, block.groups()[group], block.groups()[group + 1], worth, precision);
    }
    return new Worth(worth, precision);
  }

  private void solve(ComparisonBlock block, int from, int to, double[] worth, double[] precision) {
    int[] things =
        java.util.stream.IntStream.range(from, to)
            .flatMap(i -> java.util.stream.IntStream.of(block.first()[i], block.second()[i]))
            .distinct()
            .sorted()
            .toArray();
    double[] slope = new double[block.things()];
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
      for (int thing : things) {
        slope[thing] = -worth[thing];
        precision[thing] = 1;
      }
      for (int i = from; i < to; i++) {
        int a = block.first()[i];
        int b = block.second()[i];
        for (int at = block.starts()[i]; at < block.starts()[i + 1]; at++) {
          double g = reliability[block.raters()[at]];
          double p = chance(block, at, worth[a] - worth[b]);
          double residual = (block.votes()[at] + 1) / 2.0 - p;
          slope[a] += g * residual;
          slope[b] -= g * residual;
          precision[a] += g * g * p * (1 - p);
          precision[b] += g * g * p * (1 - p);
        }
      }
      for (int thing : things) {
        // Half the step: neighbours move at the same time, against each other.
        worth[thing] += 0.5 * slope[thing] / precision[thing];
      }
    }
  }

  private double chance(ComparisonBlock block, int vote, double gap) {
    int r = block.raters()[vote];
    return BradleyTerry.sigmoid(reliability[r] * gap + leaning[r] * block.places()[vote]);
  }

  @Override
  public FixedSums expect(ComparisonBlock block) {
    FixedSums sums = new FixedSums(cells());
    Worth found = worth(block);
    double objective = 0;
    for (double worth : found.worth()) {
      objective -= worth * worth / 2;
    }
    for (int i = 0; i < block.items().length; i++) {
      double gap = found.worth()[block.first()[i]] - found.worth()[block.second()[i]];
      for (int at = block.starts()[i]; at < block.starts()[i + 1]; at++) {
        double p = chance(block, at, gap);
        double vote = (block.votes()[at] + 1) / 2.0;
        int cell = SUMS * block.raters()[at];
        double place = block.places()[at];
        double spread = p * (1 - p);
        sums.add(cell, gap * (vote - p));
        sums.add(cell + 1, place * (vote - p));
        sums.add(cell + 2, gap * gap * spread);
        sums.add(cell + 3, gap * place * spread);
        sums.add(cell + 4, place * place * spread);
        objective += vote * Math.log(p) + (1 - vote) * Math.log1p(-p);
      }
    }
    sums.add(cells() - 1, objective);
    return sums;
  }

  @Override
  public RaterBradleyTerry maximise(FixedSums sums) {
    double[] nextReliability = reliability.clone();
    double[] nextLeaning = leaning.clone();
    for (int r = 0; r < reliability.length; r++) {
      int cell = SUMS * r;
      double slopeG = sums.get(cell) - PRECISION * (reliability[r] - 1);
      double slopeB = sums.get(cell + 1) - PRECISION * leaning[r];
      double gg = sums.get(cell + 2) + PRECISION;
      double gb = sums.get(cell + 3);
      double bb = sums.get(cell + 4) + PRECISION;
      double determinant = gg * bb - gb * gb;
      nextReliability[r] += clip((bb * slopeG - gb * slopeB) / determinant);
      nextLeaning[r] += clip((gg * slopeB - gb * slopeG) / determinant);
    }
    return new RaterBradleyTerry(nextReliability, nextLeaning);
  }

  private static double clip(double step) {
    return Math.max(-LARGEST_STEP, Math.min(LARGEST_STEP, step));
  }

  @Override
  public double objective(FixedSums sums) {
    double priors = 0;
    for (int r = 0; r < reliability.length; r++) {
      priors -= PRECISION * Math.pow(reliability[r] - 1, 2) / 2;
      priors -= PRECISION * leaning[r] * leaning[r] / 2;
    }
    return sums.get(cells() - 1) + priors;
  }

  /** The chance that the first and that the second is better, of every item of a block. */
  @Override
  public double[][] posteriors(ComparisonBlock block) {
    Worth found = worth(block);
    double[][] chances = new double[block.items().length][];
    for (int i = 0; i < chances.length; i++) {
      double first = found.first(block, i);
      chances[i] = new double[] {first, 1 - first};
    }
    return chances;
  }

  public double reliability(int rater) {
    return reliability[rater];
  }

  /** Log-odds by which a rater prefers what stands on the left. */
  public double leaning(int rater) {
    return leaning[rater];
  }
}
