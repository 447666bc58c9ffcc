package io.lakeloop.feedback;

import io.lakeloop.text.TextCleaner;
import java.io.Serializable;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** Makes clean rows of rows as they came, with one cleaner for each task. */
public final class CleanedRows {
  private CleanedRows() {}

  /** Makes one row. */
  @FunctionalInterface
  public interface Mapper extends Serializable {
    Row row(Row from, TextCleaner cleaner);
  }

  public static Dataset<Row> of(
      Dataset<Row> rows, StructType schema, TextCleaner.Settings cleaning, Mapper mapper) {
    return rows.mapPartitions(
        (MapPartitionsFunction<Row, Row>)
            part -> {
              TextCleaner cleaner = new TextCleaner(cleaning);
              Iterable<Row> all = () -> part;
              return StreamSupport.stream(all.spliterator(), false)
                  .map(row -> mapper.row(row, cleaner))
                  .iterator();
            },
        Encoders.row(schema));
  }
}
