package io.lakeloop.agreement;

import java.io.Serializable;
import java.util.List;

/**
 * How items were labeled, without saying which: each pattern is the number of labels per category,
 * with the number of items that have it. Its size is bounded by the categories and the labels per
 * item, not by the number of items.
 *
 * @param categories number of categories
 * @param patterns each with at least one label
 */
public record LabelCounts(int categories, List<Pattern> patterns) implements Serializable {

  /**
   * @param counts labels per category
   * @param items number of items with exactly these counts
   */
  public record Pattern(int[] counts, long items) implements Serializable {
    int labels() {
      int labels = 0;
      for (int count : counts) {
        labels += count;
      }
      return labels;
    }
  }

  /** Only items with two labels or more: on the others nobody can agree or disagree. */
  public LabelCounts pairable() {
    return new LabelCounts(categories, patterns.stream().filter(p -> p.labels() >= 2).toList());
  }

  /** The same labels seen as one category against all others: 0 is the category, 1 the rest. */
  public LabelCounts against(int category) {
    return new LabelCounts(
        2,
        patterns.stream()
            .map(
                p -> {
                  int hits = p.counts()[category];
                  return new Pattern(new int[] {hits, p.labels() - hits}, p.items());
                })
            .toList());
  }

  public long items() {
    return patterns.stream().mapToLong(Pattern::items).sum();
  }

  public long labels() {
    return patterns.stream().mapToLong(p -> p.items() * p.labels()).sum();
  }

  /** Labels per category. */
  double[] totals() {
    double[] totals = new double[categories];
    for (Pattern pattern : patterns) {
      for (int k = 0; k < categories; k++) {
        totals[k] += (double) pattern.counts()[k] * pattern.items();
      }
    }
    return totals;
  }
}
