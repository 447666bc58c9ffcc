package io.lakeloop.feedback.labels;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;

import io.lakeloop.agreement.CongerKappa;
import io.lakeloop.agreement.LabelBlock;
import io.lakeloop.agreement.LabelCounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/**
 * The labels of one question as blocks of plain numbers on the executors, with what the numbers
 * mean on the driver: raters, and the values in their order.
 */
public final class LabelBlocks implements AutoCloseable {
  private static final long LABELS_PER_BLOCK = 100_000;
  private static final int MOST_BLOCKS = 1000;

  /** More different values than this are no categories. */
  public static final int MOST_VALUES = 100;

  private final List<String> raters;
  private final List<String> values;
  private final Map<String, Long> labelsByRater;
  private final JavaRDD<LabelBlock> blocks;

  private LabelBlocks(
      List<String> raters,
      List<String> values,
      Map<String, Long> labelsByRater,
      JavaRDD<LabelBlock> blocks) {
    this.raters = raters;
    this.values = values;
    this.labelsByRater = labelsByRater;
    this.blocks = blocks;
  }

  /**
   * Gathers labels item by item; who comes first and which block an item is in depends on the
   * labels alone.
   *
   * @param labels rows of labels, of one question
   * @param values all values, in their order
   */
  public static LabelBlocks gather(Dataset<Row> labels, List<String> values) {
    List<Row> perRater =
        labels.groupBy("rater_id").agg(count("*")).orderBy("rater_id").collectAsList();
    List<String> raters = perRater.stream().map(row -> row.getString(0)).toList();
    Map<String, Long> labelsByRater = new HashMap<>();
    perRater.forEach(row -> labelsByRater.put(row.getString(0), row.getLong(1)));
    long total = perRater.stream().mapToLong(row -> row.getLong(1)).sum();
    int count = (int) Math.max(1, Math.min(MOST_BLOCKS, total / LABELS_PER_BLOCK));
    Map<String, Integer> raterNumbers = numbers(raters);
    Map<String, Integer> valueNumbers = numbers(values);
    JavaRDD<LabelBlock> blocks =
        labels
            .select("item_id", "rater_id", "value", "submitted_at", "label_id")
            .repartition(count, col("item_id"))
            .sortWithinPartitions("item_id", "rater_id", "submitted_at", "label_id")
            .select("item_id", "rater_id", "value")
            .javaRDD()
            .mapPartitions(rows -> block(rows, raterNumbers, valueNumbers))
            .persist(StorageLevel.MEMORY_AND_DISK());
    return new LabelBlocks(raters, values, labelsByRater, blocks);
  }

  /**
   * The different values of a question: by number where all are numbers, by the alphabet elsewhere.
   */
  public static List<String> values(Dataset<Row> labels) {
    List<String> values =
        labels.select("value").distinct().limit(MOST_VALUES + 1).collectAsList().stream()
            .map(row -> row.getString(0))
            .toList();
    return numeric(values)
        ? values.stream()
            .sorted(
                Comparator.<String>comparingDouble(Double::parseDouble)
                    .thenComparing(Comparator.naturalOrder()))
            .toList()
        : values.stream().sorted().toList();
  }

  /** Whether all values are numbers, no two of them the same one. */
  public static boolean numeric(List<String> values) {
    try {
      return values.stream().map(Double::valueOf).filter(Double::isFinite).distinct().count()
          == values.size();
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static Map<String, Integer> numbers(List<String> names) {
    Map<String, Integer> numbers = new HashMap<>();
    names.forEach(name -> numbers.put(name, numbers.size()));
    return numbers;
  }

  private static Iterator<LabelBlock> block(
      Iterator<Row> rows, Map<String, Integer> raters, Map<String, Integer> values) {
    List<String> items = new ArrayList<>();
    int[] starts = new int[1024];
    int[] who = new int[4096];
    short[] said = new short[4096];
    int n = 0;
    String last = null;
    while (rows.hasNext()) {
      Row row = rows.next();
      String item = row.getString(0);
      if (!item.equals(last)) {
        last = item;
        items.add(item);
        starts = items.size() >= starts.length ? Arrays.copyOf(starts, 2 * starts.length) : starts;
        starts[items.size() - 1] = n;
      }
      if (n == who.length) {
        who = Arrays.copyOf(who, 2 * n);
        said = Arrays.copyOf(said, 2 * n);
      }
      who[n] = raters.get(row.getString(1));
      said[n++] = values.get(row.getString(2)).shortValue();
    }
    starts[items.size()] = n;
    LabelBlock block =
        new LabelBlock(
            items.toArray(String[]::new),
            Arrays.copyOf(starts, items.size() + 1),
            Arrays.copyOf(who, n),
            Arrays.copyOf(said, n));
    return Stream.of(block).iterator();
  }

  public List<String> raters() {
    return raters;
  }

  public List<String> values() {
    return values;
  }

  /** Labels in all. */
  public long labels() {
    return labelsByRater.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Labels of one rater. */
  public long labels(String rater) {
    return labelsByRater.get(rater);
  }

  /** All labels, those included that their rater changed later. */
  public JavaRDD<LabelBlock> blocks() {
    return blocks;
  }

  /** The last label of each rater on each item. */
  public JavaRDD<LabelBlock> latest() {
    return blocks.map(LabelBlock::latest);
  }

  /**
   * How often each pattern of labels occurs; what is collected is bounded by the number of
   * different patterns.
   */
  public LabelCounts counts() {
    int categories = values.size();
    List<Tuple2<List<Integer>, Long>> patterns =
        latest()
            .flatMapToPair(
                block ->
                    block.patterns(categories).entrySet().stream()
                        .map(e -> new Tuple2<>(e.getKey(), e.getValue()))
                        .iterator())
            .reduceByKey(Long::sum)
            .collect();
    Map<String, LabelCounts.Pattern> sorted = new TreeMap<>();
    for (Tuple2<List<Integer>, Long> pattern : patterns) {
      int[] counts = pattern._1().stream().mapToInt(Integer::intValue).toArray();
      sorted.put(Arrays.toString(counts), new LabelCounts.Pattern(counts, pattern._2()));
    }
    return new LabelCounts(categories, List.copyOf(sorted.values()));
  }

  /** Labels by rater and value. */
  public long[][] margins() {
    int size = values.size();
    int count = raters.size();
    long[] flat =
        latest()
            .map(
                block -> {
                  long[] cells = new long[count * size];
                  for (int at = 0; at < block.end(block.items() - 1); at++) {
                    cells[block.rater(at) * size + block.value(at)]++;
                  }
                  return cells;
                })
            .reduce(LabelBlocks::add);
    long[][] margins = new long[count][];
    for (int r = 0; r < count; r++) {
      margins[r] = Arrays.copyOfRange(flat, r * size, (r + 1) * size);
    }
    return margins;
  }

  /** The sums of Conger's kappas over all items, in the order of the blocks. */
  public List<CongerKappa.Sums> conger(List<CongerKappa> kappas) {
    int categories = values.size();
    List<List<CongerKappa.Sums>> perBlock =
        latest()
            .map(
                block ->
                    (List<CongerKappa.Sums>)
                        new ArrayList<>(
                            kappas.stream().map(k -> block.conger(k, categories)).toList()))
            .collect();
    List<CongerKappa.Sums> sums =
        new ArrayList<>(kappas.stream().map(k -> new CongerKappa.Sums()).toList());
    for (List<CongerKappa.Sums> block : perBlock) {
      for (int k = 0; k < sums.size(); k++) {
        sums.get(k).add(block.get(k));
      }
    }
    return sums;
  }

  /** Adds the second to the first. */
  public static long[] add(long[] first, long[] second) {
    for (int i = 0; i < first.length; i++) {
      first[i] += second[i];
    }
    return first;
  }

  /** Lets go of what Spark keeps. */
  @Override
  public void close() {
    blocks.unpersist();
  }
}
