package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.when;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/** Marks interactions that say what an earlier one said, case, punctuation and spacing aside. */
public final class Duplicates {
  private Duplicates() {}

  /**
   * Fills duplicate_of: the first of a group keeps null, and an interaction that is in the lake
   * already comes before all new ones.
   *
   * @param known interaction_id and content_hash of interactions of other runs
   */
  public static Dataset<Row> mark(Dataset<Row> interactions, Dataset<Row> known) {
    Dataset<Row> firstKnown =
        known
            .groupBy(col("content_hash").as("known_hash"))
            .agg(min("interaction_id").as("known_id"));
    Dataset<Row> withFirst =
        interactions.withColumn(
            "first_id",
            first(col("interaction_id"))
                .over(
                    Window.partitionBy("content_hash")
                        .orderBy(col("created_at"), col("interaction_id"))));
    return withFirst
        .join(firstKnown, col("content_hash").equalTo(col("known_hash")), "left")
        .withColumn(
            "duplicate_of",
            when(col("known_id").isNotNull(), col("known_id"))
                .when(col("first_id").notEqual(col("interaction_id")), col("first_id")))
        .drop("first_id", "known_id", "known_hash");
  }
}
