package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.when;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;

/** Records that speak of the same thing: the first in the order of files and lines holds. */
public final class Repeats {
  private Repeats() {}

  /**
   * Marks the later ones: superseded where they say the same, refused where they do not, since both
   * cannot be meant.
   *
   * @param records columns of {@link Quarantine}
   * @param key column that names the thing
   * @param said columns that must say the same
   * @param conflict reason code of those that do not
   */
  public static Dataset<Row> mark(
      Dataset<Row> records, String key, String conflict, String... said) {
    // Elements of one array may share a line: what they say decides, so that every attempt agrees.
    WindowSpec ofThing =
        Window.partitionBy(key)
            .orderBy(col("source_file"), col("line"), to_json(struct(col("said"))));
    Column[] all = java.util.Arrays.stream(said).map(records::col).toArray(Column[]::new);
    Column again = col("reason_code").isNull().and(col("place").gt(1));
    return records
        .withColumn("said", struct(all))
        .withColumn("place", row_number().over(ofThing))
        .withColumn("said_first", first("said").over(ofThing))
        .withColumn(
            "reason",
            when(again, "another with the same " + key + " came before it and says otherwise")
                .otherwise(col("reason")))
        .withColumn("payload", when(again, to_json(col("said"))).otherwise(col("payload")))
        .withColumn(
            "reason_code",
            when(again.and(col("said").equalTo(col("said_first"))), Refusal.SUPERSEDED)
                .when(again, conflict)
                .otherwise(col("reason_code")))
        .drop("said", "place", "said_first");
  }
}
