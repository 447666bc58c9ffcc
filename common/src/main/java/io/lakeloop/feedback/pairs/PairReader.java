package io.lakeloop.feedback.pairs;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Reads preference pairs that were made elsewhere: item_id and texts, and how sure they are. */
public final class PairReader {
  private PairReader() {}

  /** Columns of preferences that files give, and those of Quarantine. */
  public static Dataset<Row> json(SourceFiles files, PairFormat format) {
    return files.read(
        Pair.SCHEMA,
        (file, name, in) -> {
          Iterable<JsonRecords.Entry> entries = () -> new JsonRecords(file, in);
          return StreamSupport.stream(entries.spliterator(), false)
              .flatMap(entry -> rows(file, entry, format))
              .iterator();
        });
  }

  private static Stream<Row> rows(String file, JsonRecords.Entry entry, PairFormat format) {
    if (entry.refusal() != null) {
      return Stream.of(Pair.refused(file, entry.line(), entry.refusal(), entry.text()));
    }
    try {
      return format.pairs(entry.node()).stream()
          .map(pair -> pair.row(file, entry.line(), entry.text()));
    } catch (PairFormat.Unusable e) {
      return Stream.of(
          Pair.refused(file, entry.line(), new Refusal(e.code(), e.getMessage()), entry.text()));
    }
  }

  /**
   * The same from CSV or Parquet with one pair per row: prompt, chosen, rejected, and p_chosen,
   * weight, margin, product where there are.
   */
  public static Dataset<Row> table(SparkSession spark, SourceFiles files, boolean parquet) {
    String[] paths = files.files().toArray(String[]::new);
    Dataset<Row> all =
        parquet
            ? spark.read().parquet(paths)
            : spark
                .read()
                .option("header", true)
                .option("multiLine", true)
                .option("escape", "\"")
                .csv(paths);
    List<String> present = List.of(all.columns());
    for (String column : List.of("prompt", "chosen", "rejected")) {
      if (!present.contains(column)) {
        throw new UserError(
            ErrorCode.INPUT_UNREADABLE,
            "Cannot read %s: it has no column '%s', only %s. Name it so.",
            paths[0],
            column,
            String.join(", ", present));
      }
    }
    Dataset<Row> rows = all.withColumn("file", col("_metadata.file_path"));
    for (Map.Entry<String, Double> number :
        Map.of("p_chosen", 1.0, "weight", 1.0, "margin", 0.0).entrySet()) {
      String name = number.getKey();
      // What is there and is no number becomes one that is refused.
      rows =
          present.contains(name)
              ? rows.withColumn(
                  name,
                  when(col(name).isNull(), lit(number.getValue()))
                      .otherwise(coalesce(col(name).cast("double"), lit(Double.NaN))))
              : rows.withColumn(name, lit(number.getValue()));
    }
    if (!present.contains("product")) {
      rows = rows.withColumn("product", lit(null).cast("string"));
    }
    return rows.select(
            "prompt", "chosen", "rejected", "p_chosen", "weight", "margin", "product", "file")
        .map((MapFunction<Row, Row>) PairReader::row, Encoders.row(Pair.SCHEMA));
  }

  private static Row row(Row row) {
    String file = row.getString(7);
    if (row.isNullAt(0) || row.isNullAt(1) || row.isNullAt(2)) {
      return Pair.refused(
          file,
          1,
          new Refusal("MISSING_FIELD", "prompt, chosen and rejected must all be there"),
          row.mkString(","));
    }
    return new Pair(
            row.getString(0),
            row.getString(1),
            row.getString(2),
            row.getDouble(3),
            row.getDouble(4),
            row.getDouble(5),
            row.getString(6))
        .row(file, 1, row.mkString(","));
  }
}
