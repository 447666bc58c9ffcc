package io.lakeloop.feedback.logs;

import io.lakeloop.text.Pseudonyms;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Whom raw records name, at any depth. */
public final class RecordSubjects {
  private static final StructType SCHEMA =
      new StructType()
          .add("record_id", DataTypes.StringType)
          .add("subject_key", DataTypes.StringType);

  private RecordSubjects() {}

  /**
   * Columns record_id and subject_key, one row for each person in a record.
   *
   * @param raw rows of interactions_raw
   * @param secret of the keyed hashes
   */
  public static Dataset<Row> of(Dataset<Row> raw, byte[] secret) {
    byte[] key = secret.clone();
    return raw.select("record_id", "payload")
        .mapPartitions(
            (MapPartitionsFunction<Row, Row>)
                records -> {
                  Pseudonyms pseudonyms = new Pseudonyms(key);
                  Iterable<Row> all = () -> records;
                  return StreamSupport.stream(all.spliterator(), false)
                      .flatMap(
                          record ->
                              LogRecord.users(LogRecord.parse(record.getString(1)).node()).stream()
                                  .map(
                                      user ->
                                          RowFactory.create(
                                              record.getString(0), pseudonyms.of(user))))
                      .iterator();
                },
            Encoders.row(SCHEMA));
  }
}
