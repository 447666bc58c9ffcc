package io.lakeloop.feedback.logs;

import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.config.Digest;
import io.lakeloop.feedback.CsvRecords;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.ParquetFiles;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/** Reads records as they came; what is no JSON object, or no row of a table, is refused. */
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

  /** The same of CSV; a row is kept as the JSON object of its fields. */
  public static Dataset<Row> csv(SourceFiles files, String runId, TableRecords table) {
    return files.read(
        SCHEMA,
        (file, name, in) -> {
          CsvRecords records = new CsvRecords(file, in);
          List<String> names = table.names(file, records.header());
          return records.stream()
              .map(
                  entry -> {
                    String id = runId + "|" + name + "|" + entry.line();
                    if (entry.refusal() != null) {
                      return refused(file, entry.line(), entry.text(), entry.refusal());
                    }
                    JsonNode record = TableRecords.record(names, entry.cells());
                    return row(file, id, entry.line(), record, record.toString());
                  })
              .iterator();
        });
  }

  /** The same of Parquet, whose lists and structures stay what they are. */
  public static Dataset<Row> parquet(SourceFiles files, String runId, TableRecords table) {
    ParquetFiles parquet = files.parquet();
    String first = files.files().get(0).name();
    return parquet
        .records(table.names(first, parquet.columns()))
        .mapPartitions(
            (MapPartitionsFunction<Row, Row>)
                rows -> {
                  Iterable<Row> all = () -> rows;
                  return StreamSupport.stream(all.spliterator(), false)
                      .map(row -> row(row, runId))
                      .iterator();
                },
            Encoders.row(SCHEMA));
  }

  private static Row row(Row parquet, String runId) {
    String file = parquet.getString(0);
    long line = parquet.getLong(1);
    String text = parquet.getString(2);
    JsonNode record = LogRecord.parse(text).node();
    return row(file, runId + "|" + file + "|" + line, line, record, text);
  }

  /** A row with a prompt or a completion is an exchange of our own, else what its fields say. */
  private static Row row(String file, String id, long line, JsonNode record, String text) {
    LogFormat told = LogFormat.of(record);
    LogFormat format = told == LogFormat.LAKELOOP ? LogFormat.TABLE : told;
    String digest = Digest.of(id).substring(0, 32);
    return RowFactory.create(digest, file, line, text, format.name(), null, null);
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
    if (entry.refusal() != null) {
      return refused(file, entry.line(), entry.text(), entry.refusal());
    }
    LogFormat told = format == null ? LogFormat.of(entry.node()) : format;
    return RowFactory.create(id, file, entry.line(), entry.text(), told.name(), null, null);
  }

  private static Row refused(String file, long line, String text, Refusal refusal) {
    String kept = new Payload(text).kept();
    return RowFactory.create(null, file, line, kept, null, refusal.code(), refusal.reason());
  }
}
