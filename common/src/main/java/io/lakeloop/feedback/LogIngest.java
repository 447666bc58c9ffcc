package io.lakeloop.feedback;

import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.Digest;
import java.util.Iterator;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/** Reads JSON lines as they came; a line that is no JSON object is refused. */
public final class LogIngest {
  private static final StructType SCHEMA =
      new StructType()
          .add("record_id", StringType)
          .add("source_file", StringType)
          .add("line", LongType)
          .add("payload", StringType)
          .add("reason_code", StringType)
          .add("reason", StringType);
  private static final ObjectMapper JSON = new ObjectMapper();

  private LogIngest() {}

  /**
   * Columns of interactions_raw that a file gives, and those of {@link Quarantine}. A record's id
   * depends on the run, the file's name and the line, but not on the folder that all files lie in.
   */
  public static Dataset<Row> read(SourceFiles files, String runId) {
    return files.read(
        SCHEMA, (file, name, in) -> rows(file, runId + "|" + name, new TextLines(file, in)));
  }

  private static Iterator<Row> rows(String file, String idPrefix, Iterator<TextLines.Line> lines) {
    Iterable<TextLines.Line> all = () -> lines;
    return StreamSupport.stream(all.spliterator(), false)
        .map(line -> row(file, idPrefix, line))
        .iterator();
  }

  private static Row row(String file, String idPrefix, TextLines.Line line) {
    String recordId = Digest.of(idPrefix + "|" + line.number()).substring(0, 32);
    Refusal refusal = refusal(line);
    return refusal == null
        ? RowFactory.create(recordId, file, line.number(), line.text(), null, null)
        : RowFactory.create(
            null,
            file,
            line.number(),
            Refusal.payload(line.text()),
            refusal.code(),
            refusal.reason());
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
}
