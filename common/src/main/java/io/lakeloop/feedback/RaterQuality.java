package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.agreement.Wilson;
import io.lakeloop.table.TableRows;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Measures each rater on one question:
 *
 * <ul>
 *   <li>{@code gold_accuracy}: share of gold questions answered as known;
 *   <li>{@code consensus_agreement}: agreement with the majority of the other raters of an item; of
 *       k values that tie for it, each counts 1/k;
 *   <li>{@code quality}: the two in one, gold answers taking the place of the majority where there
 *       is one;
 *   <li>{@code left_rate}: share of answers a or b that chose the left one;
 *   <li>{@code median_seconds}: time per item.
 * </ul>
 */
public final class RaterQuality {
  private RaterQuality() {}

  /**
   * @param labels rows of labels, of one question
   * @param gold item_id and gold_value of gold questions
   * @param rows of labeler_quality, to be added to: raters are few, so they fit on the driver
   */
  public static void measure(
      String runId, String question, Dataset<Row> labels, Dataset<Row> gold, TableRows rows) {
    List<Row> raters = perRater(judged(labels, gold)).orderBy("rater_id").collectAsList();
    for (Row rater : raters) {
      Map<String, Object> base = new HashMap<>();
      base.put("run_id", runId);
      base.put("question", question);
      base.put("rater_id", rater.getAs("rater_id"));
      base.put("cohort", rater.getAs("cohort"));
      share(rows, base, rater, "gold_accuracy", "gold_labels");
      share(rows, base, rater, "consensus_agreement", "consensus_labels");
      share(rows, base, rater, "quality", "quality_labels");
      share(rows, base, rater, "left_rate", "sided_labels");
      if (rater.getAs("median_seconds") != null) {
        add(rows, base, "median_seconds", rater.getAs("median_seconds"), rater.getAs("labels"));
      }
    }
  }

  private static void share(
      TableRows rows, Map<String, Object> base, Row rater, String measure, String labels) {
    Double value = rater.getAs(measure);
    long n = rater.<Long>getAs(labels);
    if (value != null) {
      Wilson interval = Wilson.of(value, n);
      Map<String, Object> row = new HashMap<>(base);
      row.put("ci_low", interval.low());
      row.put("ci_high", interval.high());
      add(rows, row, measure, value, n);
    }
  }

  private static void add(
      TableRows rows, Map<String, Object> base, String measure, double value, long labels) {
    Map<String, Object> row = new HashMap<>(base);
    row.put("measure", measure);
    row.put("value", value);
    row.put("labels", labels);
    rows.add(row);
  }

  /**
   * Each label with its agreement with gold and with the other raters, null where there is none.
   */
  private static Dataset<Row> judged(Dataset<Row> labels, Dataset<Row> gold) {
    Dataset<Row> votes =
        labels
            .groupBy("item_id", "value")
            .agg(count("*").as("n"))
            .groupBy(col("item_id").as("voted_item"))
            .agg(expr("collect_list(struct(value, n))").as("votes"));
    Dataset<Row> known = gold.select(col("item_id").as("gold_item"), col("gold_value"));
    Dataset<Row> others =
        labels
            .join(votes, col("item_id").equalTo(col("voted_item")))
            .join(known, col("item_id").equalTo(col("gold_item")), "left")
            .withColumn(
                "others",
                expr(
                    "transform(votes, v -> struct(v.value AS value, v.n - int(v.value = value) AS n))"))
            .withColumn("most", expr("array_max(transform(others, v -> v.n))"))
            .withColumn("leaders", expr("filter(others, v -> v.n = most)"));
    return others
        .withColumn("gold", when(col("gold_value").isNotNull(), expr("double(value = gold_value)")))
        .withColumn(
            "consensus",
            when(
                col("most").gt(0),
                expr("double(exists(leaders, v -> v.value = value)) / size(leaders)")))
        .withColumn("quality", expr("coalesce(gold, consensus)"))
        .withColumn(
            "left",
            expr(
                "CASE WHEN shown_position IS NOT NULL AND value IN ('a', 'b')"
                    + " THEN double(value = left(shown_position, 1)) END"))
        .withColumn(
            "seconds", expr("unix_micros(submitted_at) / 1e6 - unix_micros(started_at) / 1e6"));
  }

  private static Dataset<Row> perRater(Dataset<Row> judged) {
    Column labels = count("*").as("labels");
    return judged
        .groupBy("rater_id")
        .agg(
            labels,
            max("cohort").as("cohort"),
            avg("gold").as("gold_accuracy"),
            count("gold").as("gold_labels"),
            avg("consensus").as("consensus_agreement"),
            count("consensus").as("consensus_labels"),
            avg("quality").as("quality"),
            count("quality").as("quality_labels"),
            avg("left").as("left_rate"),
            count("left").as("sided_labels"),
            expr("percentile(seconds, 0.5)").as("median_seconds"));
  }
}
