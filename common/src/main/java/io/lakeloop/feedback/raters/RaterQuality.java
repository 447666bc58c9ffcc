package io.lakeloop.feedback.raters;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.sum;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Measures each rater on one question, in one pass over their answers in the order of time. */
public final class RaterQuality {
  private RaterQuality() {}

  /**
   * @param labels rows of labels, of one question
   * @param queue labeling_queue, each item once
   * @return by rater: raters are few, so they fit on the driver
   */
  public static List<RaterProfile> measure(
      Dataset<Row> labels, Dataset<Row> queue, RaterSettings settings) {
    Map<String, Double> shares = shares(labels);
    Map<String, long[]> repeats = repeats(labels, queue);
    double falseAlarmRate = settings.falseAlarmRate();
    return judged(labels, queue.where("is_gold"))
        .select(
            "rater_id",
            "cohort",
            "value",
            "shown_position",
            "judges",
            "is_gold",
            "consensus",
            "seconds",
            "peer_seconds",
            "submitted",
            "label_id")
        .repartition(col("rater_id"))
        .sortWithinPartitions("rater_id", "submitted", "label_id")
        .javaRDD()
        .mapPartitions(rows -> profiles(rows, shares, repeats, falseAlarmRate).iterator())
        .collect()
        .stream()
        .sorted(java.util.Comparator.comparing(RaterProfile::rater))
        .toList();
  }

  private static Map<String, Double> shares(Dataset<Row> labels) {
    List<Row> counts = labels.groupBy("value").agg(count("*")).collectAsList();
    double all = counts.stream().mapToLong(row -> row.getLong(1)).sum();
    Map<String, Double> shares = new HashMap<>();
    counts.forEach(row -> shares.put(row.getString(0), row.getLong(1) / all));
    return shares;
  }

  /** Pairs of own answers to the same item, sides exchanged or not, and how many agree. */
  private static Map<String, long[]> repeats(Dataset<Row> labels, Dataset<Row> queue) {
    Dataset<Row> again =
        queue
            .where("repeat_of IS NOT NULL")
            .select(col("item_id").as("asked_again"), col("repeat_of"));
    Map<String, long[]> repeats = new HashMap<>();
    labels
        .join(again, col("item_id").equalTo(col("asked_again")), "left")
        .selectExpr(
            "rater_id",
            "coalesce(repeat_of, item_id) AS item",
            "CASE WHEN repeat_of IS NULL OR value NOT IN ('a', 'b') THEN value"
                + " WHEN value = 'a' THEN 'b' ELSE 'a' END AS said")
        .groupBy("rater_id", "item", "said")
        .agg(count("*").as("n"))
        .groupBy("rater_id", "item")
        .agg(sum("n").as("all"), sum(expr("n * (n - 1) / 2")).as("agreeing"))
        .where("all > 1")
        .groupBy("rater_id")
        .agg(sum(expr("all * (all - 1) / 2")), sum("agreeing"))
        .collectAsList()
        .forEach(
            row ->
                repeats.put(
                    row.getString(0),
                    new long[] {Math.round(row.getDouble(1)), Math.round(row.getDouble(2))}));
    return repeats;
  }

  private static List<RaterProfile> profiles(
      Iterator<Row> rows,
      Map<String, Double> shares,
      Map<String, long[]> repeats,
      double falseAlarmRate) {
    List<RaterProfile> profiles = new ArrayList<>();
    List<RaterProfile.Answer> answers = new ArrayList<>();
    String rater = null;
    String cohort = null;
    while (rows.hasNext()) {
      Row row = rows.next();
      if (rater != null && !rater.equals(row.getString(0))) {
        profiles.add(profile(rater, cohort, answers, shares, repeats, falseAlarmRate));
        answers = new ArrayList<>();
        cohort = null;
      }
      rater = row.getString(0);
      cohort = row.getString(1) == null ? cohort : row.getString(1);
      answers.add(
          new RaterProfile.Answer(
              row.getString(2),
              row.getString(3),
              row.isNullAt(4) ? null : new ArrayList<>(row.getList(4)),
              row.getBoolean(5),
              (Double) row.get(6),
              (Double) row.get(7),
              (Double) row.get(8),
              (Double) row.get(9)));
    }
    if (rater != null) {
      profiles.add(profile(rater, cohort, answers, shares, repeats, falseAlarmRate));
    }
    return profiles;
  }

  private static RaterProfile profile(
      String rater,
      String cohort,
      List<RaterProfile.Answer> answers,
      Map<String, Double> shares,
      Map<String, long[]> repeats,
      double falseAlarmRate) {
    long[] own = repeats.getOrDefault(rater, new long[2]);
    return RaterProfile.of(rater, cohort, answers, own[0], own[1], shares, falseAlarmRate);
  }

  /**
   * Each label with who judges it, gold or the majority of the other raters, null where there is
   * neither, and with the time that it took.
   */
  private static Dataset<Row> judged(Dataset<Row> labels, Dataset<Row> gold) {
    Dataset<Row> timed =
        labels
            .withColumn(
                "seconds", expr("unix_micros(submitted_at) / 1e6 - unix_micros(started_at) / 1e6"))
            .withColumn("submitted", expr("unix_micros(submitted_at) / 1e6"));
    Dataset<Row> votes =
        timed
            .groupBy("item_id", "value")
            .agg(count("*").as("n"), expr("collect_list(seconds)").as("times"))
            .groupBy(col("item_id").as("voted_item"))
            .agg(
                expr("collect_list(struct(value, n))").as("votes"),
                expr("array_sort(flatten(collect_list(times)))").as("times"));
    Dataset<Row> known = gold.select(col("item_id").as("gold_item"), col("gold_value"));
    return timed
        .join(votes, col("item_id").equalTo(col("voted_item")))
        .join(known, col("item_id").equalTo(col("gold_item")), "left")
        .withColumn(
            "others",
            expr(
                "transform(votes, v -> struct(v.value AS value, v.n - int(v.value = value) AS n))"))
        .withColumn("most", expr("array_max(transform(others, v -> v.n))"))
        .withColumn(
            "leaders",
            expr("IF(most > 0, transform(filter(others, v -> v.n = most), v -> v.value), NULL)"))
        .withColumn("is_gold", expr("gold_value IS NOT NULL"))
        .withColumn("judges", expr("IF(is_gold, array(gold_value), leaders)"))
        .withColumn(
            "consensus",
            expr(
                "IF(leaders IS NOT NULL, double(array_contains(leaders, value)) / size(leaders),"
                    + " NULL)"))
        .withColumn("peer_seconds", expr("times[int(size(times) / 2)]"));
  }
}
