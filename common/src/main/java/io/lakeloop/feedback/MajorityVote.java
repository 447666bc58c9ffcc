package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.sum;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/**
 * The value that most raters gave, with the share of it under a prior of one label per value
 * (Laplace): {@code (n_v + 1) / (n + K)} for K values of the question. Of values that tie, the
 * first in order is taken.
 */
public final class MajorityVote {
  private MajorityVote() {}

  /** Columns of item_consensus but run_id. */
  public static Dataset<Row> infer(Dataset<Row> labels, String question) {
    long values = labels.select("value").distinct().count();
    return labels
        .groupBy("item_id", "value")
        .agg(count("*").as("n"))
        .withColumn("labels", sum("n").over(Window.partitionBy("item_id")))
        .withColumn(
            "place",
            row_number().over(Window.partitionBy("item_id").orderBy(col("n").desc(), col("value"))))
        .where(col("place").equalTo(1))
        .select(
            lit(question).as("question"),
            col("item_id"),
            col("value"),
            expr("(n + 1) / (labels + " + values + ")").as("probability"),
            lit("majority").as("method"),
            col("labels"));
  }
}
