package io.lakeloop.agreement;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Labels of some items, item by item and in each by rater: raters and answers as numbers, so that
 * millions of labels take a few bytes each.
 */
public final class LabelBlock implements Serializable {
  private final String[] items;
  private final int[] starts;
  private final int[] raters;
  private final short[] values;

  /**
   * @param items ids
   * @param starts where each item's labels begin, and where the last one's end
   * @param raters who gave the label
   * @param values what they said
   */
  public LabelBlock(String[] items, int[] starts, int[] raters, short[] values) {
    this.items = items;
    this.starts = starts;
    this.raters = raters;
    this.values = values;
  }

  public int items() {
    return items.length;
  }

  public String item(int i) {
    return items[i];
  }

  public int start(int i) {
    return starts[i];
  }

  public int end(int i) {
    return starts[i + 1];
  }

  public int rater(int label) {
    return raters[label];
  }

  public int value(int label) {
    return values[label];
  }

  /** Only the last label of each rater on each item: nobody agrees with themselves here. */
  public LabelBlock latest() {
    int[] kept = new int[raters.length];
    short[] answers = new short[raters.length];
    int[] begins = new int[starts.length];
    int n = 0;
    for (int i = 0; i < items.length; i++) {
      begins[i] = n;
      for (int at = start(i); at < end(i); at++) {
        if (at + 1 == end(i) || raters[at + 1] != raters[at]) {
          kept[n] = raters[at];
          answers[n++] = values[at];
        }
      }
    }
    begins[items.length] = n;
    return n == raters.length
        ? this
        : new LabelBlock(items, begins, Arrays.copyOf(kept, n), Arrays.copyOf(answers, n));
  }

  /** Labels per category of an item. */
  public int[] counts(int item, int categories) {
    int[] counts = new int[categories];
    for (int at = start(item); at < end(item); at++) {
      counts[values[at]]++;
    }
    return counts;
  }

  /** How many items have each pattern of labels per category. */
  public Map<List<Integer>, Long> patterns(int categories) {
    Map<List<Integer>, Long> patterns = new HashMap<>();
    for (int i = 0; i < items.length; i++) {
      List<Integer> counts = Arrays.stream(counts(i, categories)).boxed().toList();
      patterns.merge(counts, 1L, Long::sum);
    }
    return patterns;
  }

  /** Adds the block's items to the sums of Conger's kappa. */
  public CongerKappa.Sums conger(CongerKappa kappa, int categories) {
    CongerKappa.Sums sums = new CongerKappa.Sums();
    for (int i = 0; i < items.length; i++) {
      kappa.add(sums, counts(i, categories), raters, values, start(i), end(i));
    }
    return sums;
  }
}
