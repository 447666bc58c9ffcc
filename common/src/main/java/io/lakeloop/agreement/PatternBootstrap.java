package io.lakeloop.agreement;

import io.lakeloop.algorithm.CounterRandom;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Draws items with replacement, seeded: the number of draws that fall on each pattern is
 * multinomial. Any resample can be made anywhere.
 *
 * @param counts what is drawn from
 */
public record PatternBootstrap(LabelCounts counts, long seed) implements Serializable {

  /** The labels of one resample. */
  public LabelCounts resample(int number) {
    long left = counts.items();
    long open = left;
    List<LabelCounts.Pattern> drawn = new ArrayList<>();
    for (int p = 0; p < counts.patterns().size(); p++) {
      LabelCounts.Pattern pattern = counts.patterns().get(p);
      // The number of draws that fall on a pattern is binomial, given those before it.
      long times = binomial(left, (double) pattern.items() / open, number, p);
      if (times > 0) {
        drawn.add(new LabelCounts.Pattern(pattern.counts(), times));
      }
      left -= times;
      open -= pattern.items();
    }
    return new LabelCounts(counts.categories(), drawn);
  }

  /** Exact below 1,000 draws, by its normal limit above. */
  private long binomial(long n, double p, long resample, long pattern) {
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
