package io.lakeloop.feedback.agreement;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The parts of a question's labels that agreement is computed on. */
public final class Slices {
  private Slices() {}

  /** One of them. */
  public record Slice(String kind, String value, Dataset<Row> labels) {}

  /**
   * The whole first, then each value of each kind, in order.
   *
   * @param labels rows of labels, of one question, with the column language where it is asked for
   */
  public static List<Slice> of(Dataset<Row> labels, List<String> kinds) {
    List<Slice> slices = new ArrayList<>();
    slices.add(new Slice("all", "all", labels));
    for (String kind : kinds) {
      Dataset<Row> keyed = labels.withColumn("slice", expr(AgreementSettings.SLICES.get(kind)));
      keyed
          .where("slice IS NOT NULL")
          .select("slice")
          .distinct()
          .orderBy("slice")
          .collectAsList()
          .forEach(
              row ->
                  slices.add(
                      new Slice(
                          kind,
                          row.getString(0),
                          keyed.where(col("slice").equalTo(row.getString(0))))));
    }
    return slices;
  }

  /**
   * Adds the language of the conversation that an item comes from, null where it comes from none.
   *
   * @param queue labeling_queue, each item once
   */
  public static Dataset<Row> withLanguage(
      Dataset<Row> labels, Dataset<Row> queue, Dataset<Row> interactions) {
    Dataset<Row> spoken =
        queue
            .select(col("item_id").as("queued_item"), col("interaction_a"))
            .join(
                interactions.select(col("interaction_id").as("asked"), col("language")),
                col("interaction_a").equalTo(col("asked")))
            .select("queued_item", "language")
            .dropDuplicates("queued_item");
    return labels
        .join(spoken, col("item_id").equalTo(col("queued_item")), "left")
        .drop("queued_item");
  }
}
