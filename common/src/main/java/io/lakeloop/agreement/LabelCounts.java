package io.lakeloop.agreement;

import java.util.ArrayList;
import java.util.List;

/**
 * How items were labeled, without saying which: each pattern is the number of labels per category,
 * with the number of items that have it. Its size is bounded by the categories and the labels per
 * item, not by the number of items.
 *
 * @param categories number of categories
 * @param patterns each with at least two labels
 */
public record LabelCounts(int categories, List<Pattern> patterns) {

  /**
   * @param counts labels per category
   * @param items number of items with exactly these counts
   */
  public record Pattern(int[] counts, long items) {
    int labels() {
      int labels = 0;
      for (int count : counts) {
        labels += count;
      }
      return labels;
    }
  }

  /** Leaves out items with fewer than two labels, which nobody can agree or disagree on. */
  public static LabelCounts of(int categories, List<Pattern> patterns) {
    List<Pattern> pairable = new ArrayList<>();
    for (Pattern pattern : patterns) {
      if (pattern.labels() >= 2) {
        pairable.add(pattern);
      }
    }
    return new LabelCounts(categories, pairable);
  }

  public long items() {
    return patterns.stream().mapToLong(Pattern::items).sum();
  }

  public long labels() {
    return patterns.stream().mapToLong(p -> p.items() * p.labels()).sum();
  }
}
