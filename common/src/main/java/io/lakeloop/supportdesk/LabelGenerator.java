package io.lakeloop.supportdesk;

import static org.apache.spark.sql.functions.expr;

import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Labels in any number, made on the executors: every item has a truth, every rater a skill between
 * 0.5 and 0.95, and whoever misses the truth says anything.
 *
 * @param raters at least as many as labels per item
 */
public record LabelGenerator(int raters, int classes, int labelsPerItem, long seed) {

  /** The columns of labels that inference reads. */
  public Dataset<Row> generate(SparkSession spark, long labels) {
    return spark
        .range(labels)
        .selectExpr(
            String.format(Locale.ROOT, "id div %d AS item", labelsPerItem),
            String.format(Locale.ROOT, "id %% %d AS turn", labelsPerItem),
            "id")
        .withColumn(
            "rater",
            expr(
                String.format(
                    Locale.ROOT,
                    "pmod(xxhash64(%dL, 'rater', item), %d - %d * (%d div %d)) + turn * (%d div %d)",
                    seed,
                    raters,
                    labelsPerItem - 1,
                    raters,
                    labelsPerItem,
                    raters,
                    labelsPerItem)))
        .withColumn("skill", expr("0.5 + 0.45 * " + uniform("'skill', rater")))
        .selectExpr(
            "concat('item-', item) AS item_id",
            "concat('rater-', rater) AS rater_id",
            "CASE WHEN "
                + uniform("'answer', id")
                + " < skill THEN "
                + truth("item")
                + " ELSE "
                + draw("'miss', id")
                + " END AS value",
            "timestamp_micros(1767225600000000 + id * 1000000) AS submitted_at",
            "concat('label-', id) AS label_id");
  }

  private String uniform(String key) {
    return String.format(Locale.ROOT, "(pmod(xxhash64(%dL, %s), 1000003) / 1000003)", seed, key);
  }

  private String draw(String key) {
    return String.format(
        Locale.ROOT, "string(pmod(xxhash64(%dL, %s), %d) + 1)", seed, key, classes);
  }

  private String truth(String item) {
    return draw("'truth', " + item);
  }

  /** SQL for the truth of the row's item_id. */
  public String truthOfItem() {
    return truth("bigint(substr(item_id, 6))");
  }
}
