package io.lakeloop.feedback.logs;

import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import io.lakeloop.config.Digest;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/** Reads records as they came; what is no JSON object is refused. */
public final class LogIngest {
  private static final StructType SCHEMA =
      new StructType()
          .add("record_id", StringType)
          .add("source_file", StringType)
          .add("line", LongType)
          .add("payload", StringType)
          .add("format", StringType)
          .add("reason_code", StringType)
          .add("reason", StringType);

  private LogIngest() {}

  /**
   * Columns of interactions_raw that a file gives, and those of Quarantine. A record's id depends
   * on the run, the file's name and the line, but not on the folder that all files lie in.
   *
   * @param format null to tell each record's by its fields
   */
  public static Dataset<Row> read(SourceFiles files, String runId, LogFormat format) {
    return files.read(
        SCHEMA,
        (file, name, in) -> rows(file, runId + "|" + name, new JsonRecords(file, in), format));
  }

  private static Iterator<Row> rows(
      String file, String idPrefix, JsonRecords records, LogFormat format) {
    // Elements of an array may begin on one line, whose number would then not tell them apart.
    Map<Long, Integer> last = new HashMap<>();
    return records.stream()
        .map(
            entry -> {
              boolean again = last.containsKey(entry.line());
              int place = again ? last.get(entry.line()) + 1 : 0;
              last.clear();
              last.put(entry.line(), place);
              String id = idPrefix + "|" + entry.line() + (place == 0 ? "" : "|" + place);
              return row(file, Digest.of(id).substring(0, 32), entry, format);
            })
        .iterator();
  }

  private static Row row(String file, String id, JsonRecords.Entry entry, LogFormat format) {
    Refusal refusal = entry.refusal();
    if (refusal != null) {
      return RowFactory.create(
          null,
          file,
          entry.line(),
          new Payload(entry.text()).kept(),
          null,
          refusal.code(),
          refusal.reason());
    }
    LogFormat told = format == null ? LogFormat.of(entry.node()) : format;
    return RowFactory.create(id, file, entry.line(), entry.text(), told.name(), null, null);
  }
}
