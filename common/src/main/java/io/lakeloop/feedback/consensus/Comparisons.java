package io.lakeloop.feedback.consensus;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.sha2;
import static org.apache.spark.sql.functions.xxhash64;

import io.lakeloop.agreement.ComparisonBlock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Gathers votes on pairs of answers, prompt by prompt: answers to one prompt are compared. */
final class Comparisons {
  private static final long VOTES_PER_BLOCK = 100_000;
  private static final int MOST_BLOCKS = 1000;

  private Comparisons() {}

  /**
   * @param labels answers a, b or tie to one question
   * @param queue labeling_queue, each item once
   * @param raters who can occur, in the order of their numbers
   */
  static JavaRDD<ComparisonBlock> gather(
      Dataset<Row> labels, Dataset<Row> queue, List<String> raters, long votes) {
    Map<String, Integer> numbers = new HashMap<>();
    raters.forEach(rater -> numbers.put(rater, numbers.size()));
    int count = (int) Math.max(1, Math.min(MOST_BLOCKS, votes / VOTES_PER_BLOCK));
    Dataset<Row> items =
        queue.select(
            col("item_id").as("queued_item"),
            sha2(col("prompt"), 256).as("prompt_key"),
            xxhash64(col("completion_a")).as("first"),
            xxhash64(col("completion_b")).as("second"));
    return labels
        .join(items, col("item_id").equalTo(col("queued_item")))
        .repartition(count, col("prompt_key"))
        .sortWithinPartitions("prompt_key", "item_id", "rater_id", "submitted_at", "label_id")
        .select("prompt_key", "item_id", "first", "second", "rater_id", "value", "shown_position")
        .javaRDD()
        .mapPartitions(rows -> List.of(block(rows, numbers)).iterator())
        .persist(StorageLevel.MEMORY_AND_DISK());
  }

  private static ComparisonBlock block(Iterator<Row> rows, Map<String, Integer> raters) {
    List<String> items = new ArrayList<>();
    List<Integer> first = new ArrayList<>();
    List<Integer> second = new ArrayList<>();
    List<Integer> groups = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    List<Integer> who = new ArrayList<>();
    List<Byte> votes = new ArrayList<>();
    List<Byte> places = new ArrayList<>();
    Map<Long, Integer> things = new HashMap<>();
    int thingCount = 0;
    String group = null;
    String item = null;
    while (rows.hasNext()) {
      Row row = rows.next();
      if (!row.getString(0).equals(group)) {
        group = row.getString(0);
        groups.add(items.size());
        thingCount += things.size();
        things.clear();
      }
      if (!row.getString(1).equals(item)) {
        item = row.getString(1);
        items.add(item);
        starts.add(who.size());
        first.add(thingCount + number(things, row.getLong(2)));
        second.add(thingCount + number(things, row.getLong(3)));
      }
      who.add(raters.get(row.getString(4)));
      votes.add((byte) (row.getString(5).equals("a") ? 1 : row.getString(5).equals("b") ? -1 : 0));
      String shown = row.getString(6);
      places.add((byte) (shown == null ? 0 : shown.equals("ab") ? 1 : -1));
    }
    groups.add(items.size());
    starts.add(who.size());
    byte[] voted = new byte[votes.size()];
    byte[] stood = new byte[votes.size()];
    for (int i = 0; i < voted.length; i++) {
      voted[i] = votes.get(i);
      stood[i] = places.get(i);
    }
    return new ComparisonBlock(
        items.toArray(String[]::new),
        ints(first),
        ints(second),
        ints(groups),
        thingCount + things.size(),
        ints(starts),
        ints(who),
        voted,
        stood);
  }

  private static int number(Map<Long, Integer> things, long key) {
    return things.computeIfAbsent(key, ignored -> things.size());
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
