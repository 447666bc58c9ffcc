package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sha2;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Iterator;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/** Reads JSON lines as they came; a line that is no JSON object is refused. */
public final class LogIngest {
  private static final StructType SCHEMA =
      new StructType()
          .add("source_file", StringType)
          .add("line", LongType)
          .add("payload", StringType)
          .add("reason_code", StringType)
          .add("reason", StringType);
  private static final ObjectMapper JSON = new ObjectMapper();

  private LogIngest() {}

  public static Dataset<Row> read(SourceFiles files) {
    return files.read(SCHEMA, (file, in) -> rows(file, new TextLines(file, in)));
  }

  private static Iterator<Row> rows(String file, Iterator<TextLines.Line> lines) {
    Iterable<TextLines.Line> all = () -> lines;
    return StreamSupport.stream(all.spliterator(), false).map(line -> row(file, line)).iterator();
  }

  private static Row row(String file, TextLines.Line line) {
    Refusal refusal = refusal(line);
    return refusal == null
        ? RowFactory.create(file, line.number(), line.text(), null, null)
        : RowFactory.create(
            file, line.number(), Refusal.payload(line.text()), refusal.code(), refusal.reason());
  }

  private static Refusal refusal(TextLines.Line line) {
    if (line.problem() != null) {
      return new Refusal(
          line.problem(),
          switch (line.problem()) {
            case "LINE_TOO_LONG" -> "the line is longer than " + TextLines.MAX_BYTES + " bytes";
            case "INVALID_UTF8" -> "the line is not UTF-8";
            default -> "the line is blank";
          });
    }
    try {
      return JSON.readTree(line.text()).isObject()
          ? null
          : new Refusal("NOT_AN_OBJECT", "the line is JSON, but not an object");
    } catch (JsonProcessingException e) {
      return new Refusal(
          "MALFORMED_JSON", "the line is not JSON at column " + e.getLocation().getColumnNr());
    }
  }

  /** Digest that names a record of a run. */
  public static Column recordId(String runId) {
    return sha2(
            concat_ws(
                "|",
                lit(runId),
                org.apache.spark.sql.functions.col("source_file"),
                org.apache.spark.sql.functions.col("line")),
            256)
        .substr(1, 32);
  }
}
