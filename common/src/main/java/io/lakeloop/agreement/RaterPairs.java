package io.lakeloop.agreement;

import io.lakeloop.agreement.Estimate.Quantiles;
import io.lakeloop.algorithm.CounterRandom;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * The tables of all pairs of raters at once, each counting the items that both labeled, whole or
 * resampled.
 */
public final class RaterPairs implements Serializable {
  private final int raters;
  private final int categories;

  public RaterPairs(int raters, int categories) {
    this.raters = raters;
    this.categories = categories;
  }

  /** Pairs of raters. */
  public long pairs() {
    return raters * (raters - 1L) / 2;
  }

  /** Cells that one set of tables takes. */
  public long cells() {
    return pairs() * categories * categories;
  }

  private int pair(int first, int second) {
    return first * (2 * raters - first - 1) / 2 + second - first - 1;
  }

  /** The tables of a block's items. */
  public long[] count(LabelBlock block) {
    long[] tables = new long[Math.toIntExact(cells())];
    for (int i = 0; i < block.items(); i++) {
      add(tables, 0, block, i, 1);
    }
    return tables;
  }

  /**
   * The tables of resamples {@code from} to before {@code to}, one after the other: an item comes
   * into each as often as a Poisson draw of mean 1 says, which stands for drawing items with
   * replacement where nobody holds all of them (Hanley and MacGibbon 2006, <a
   * href="https://doi.org/10.1016/j.cmpb.2006.04.006">10.1016/j.cmpb.2006.04.006</a>).
   */
  public long[] resample(LabelBlock block, int from, int to, long seed) {
    int size = Math.toIntExact(cells());
    long[] tables = new long[Math.multiplyExact(size, to - from)];
    for (int i = 0; i < block.items(); i++) {
      long item = CounterRandom.bits(seed, block.item(i).hashCode(), block.item(i).length());
      for (int r = from; r < to; r++) {
        int times = poisson(CounterRandom.uniform(item, r));
        if (times > 0) {
          add(tables, (r - from) * size, block, i, times);
        }
      }
    }
    return tables;
  }

  private static int poisson(double uniform) {
    double mass = Math.exp(-1);
    double below = mass;
    int k = 0;
    while (uniform >= below && k < 20) {
      mass /= ++k;
      below += mass;
    }
    return k;
  }

  private void add(long[] tables, int offset, LabelBlock block, int item, int times) {
    for (int x = block.start(item); x < block.end(item); x++) {
      for (int y = x + 1; y < block.end(item); y++) {
        int table = pair(block.rater(x), block.rater(y)) * categories * categories;
        tables[offset + table + block.value(x) * categories + block.value(y)] += times;
      }
    }
  }

  /** A pair that labeled two items or more in common. */
  public record Pair(int first, int second, long items, TwoRaters table) {}

  /** The pairs of one set of tables, which begins at {@code offset}. */
  public List<Pair> tables(long[] cells, int offset, Quantiles quantiles) {
    List<Pair> found = new ArrayList<>();
    int at = offset;
    for (int first = 0; first < raters; first++) {
      for (int second = first + 1; second < raters; second++) {
        double[][] table = new double[categories][categories];
        long items = 0;
        for (int k = 0; k < categories; k++) {
          for (int l = 0; l < categories; l++) {
            table[k][l] = cells[at];
            items += cells[at++];
          }
        }
        if (items >= 2) {
          found.add(new Pair(first, second, items, new TwoRaters(table, quantiles)));
        }
      }
    }
    return found;
  }

  /**
   * Light's kappa (1971, <a href="https://doi.org/10.1037/h0031643">10.1037/h0031643</a>): the mean
   * of Cohen's over all pairs.
   */
  public static Estimate light(List<Pair> pairs, Weighting weighting) {
    double value = 0;
    double observed = 0;
    double expected = 0;
    for (Pair pair : pairs) {
      Estimate cohen = pair.table().cohenWithoutError(weighting);
      value += cohen.value() / pairs.size();
      observed += cohen.observed() / pairs.size();
      expected += cohen.expected() / pairs.size();
    }
    return Estimate.of(value, observed, expected);
  }
}
