package io.lakeloop.feedback.labels;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.CleanedRows;
import io.lakeloop.feedback.CsvRecords;
import io.lakeloop.feedback.ParquetFiles;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.text.TextCleaner;
import java.io.InputStream;
import java.io.Serializable;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Reads labels from CSV with one label per row: {@code item_id, rater_id, value} and, where they
 * are there, {@code question, started_at, submitted_at, cohort, shown_position, confidence,
 * guideline_version, batch, comment}. A value that is spread over columns of which one holds 1 is
 * mapped as {@code value=prefix.*}.
 */
public final class LabelReader implements Serializable {
  private static final List<String> REQUIRED = List.of("item_id", "rater_id", "value");
  private static final String ONE_HOT = ".*";

  private final Map<String, String> columns;
  private final String defaultQuestion;
  private final TextCleaner.Settings cleaning;

  /**
   * @param columns name of a field in the files, by its name here; unnamed fields keep their own
   * @param defaultQuestion question of rows that name none
   * @param cleaning what is done to personal data
   */
  public LabelReader(
      Map<String, String> columns, String defaultQuestion, TextCleaner.Settings cleaning) {
    this.columns = new LinkedHashMap<>(columns);
    this.defaultQuestion = defaultQuestion;
    this.cleaning = cleaning;
    List<String> fields = LabelRow.FIELDS;
    for (String field : columns.keySet()) {
      if (!fields.contains(field)) {
        throw new UserError(
            ErrorCode.CONFIG_INVALID,
            "Cannot map the column %s: labels have no such field%s.",
            field,
            io.lakeloop.config.Suggestion.didYouMean(field, fields));
      }
    }
  }

  /** What the columns of CSV are. */
  public enum Kind {
    /** One label per row. */
    LONG,
    /** One assignment of Mechanical Turk per row. */
    MTURK,
    /** Told by the header. */
    AUTO
  }

  /** Columns of labels but run_id, and those of Quarantine. */
  public Dataset<Row> read(SourceFiles files, Kind kind) {
    return files.read(LabelRow.SCHEMA, (file, name, in) -> rows(file, in, kind));
  }

  /** The same from Parquet files with one label per row. */
  public Dataset<Row> readParquet(SourceFiles files) {
    ParquetFiles parquet = files.parquet();
    List<String> present = parquet.columns();
    Map<String, String> names = new LinkedHashMap<>();
    for (String field : LabelRow.FIELDS) {
      String name = columns.getOrDefault(field, field);
      if (present.contains(name) && !isTaken(field, name)) {
        names.put(field, name);
      } else if (REQUIRED.contains(field) || columns.containsKey(field)) {
        throw missing("the Parquet files", name, field, present);
      }
    }
    List<String> fields = List.copyOf(names.keySet());
    return CleanedRows.of(
        parquet.texts(names.values()),
        LabelRow.SCHEMA,
        cleaning,
        (row, cleaner) -> row(row, fields, cleaner));
  }

  private Row row(Row cells, List<String> fields, TextCleaner cleaner) {
    LabelRow label = new LabelRow();
    for (int i = 0; i < fields.size(); i++) {
      label.set(fields.get(i), cells.getString(i + 2));
    }
    return label.row(
        cells.getString(0),
        cells.getLong(1),
        defaultQuestion,
        new Payload(cells.mkString(",")),
        cleaner);
  }

  /** Rows of one opened file. */
  Iterator<Row> rows(String file, InputStream in, Kind kind) {
    CsvRecords records = new CsvRecords(file, in);
    if (kind == Kind.MTURK || kind == Kind.AUTO && MturkAnswers.fits(records.header())) {
      return assignments(file, records);
    }
    Map<String, Integer> places = places(file, records.header());
    Map<String, Integer> oneHot = oneHot(records.header());
    TextCleaner cleaner = new TextCleaner(cleaning);
    return records.stream().map(record -> row(file, record, places, oneHot, cleaner)).iterator();
  }

  private Iterator<Row> assignments(String file, CsvRecords records) {
    MturkAnswers answers = new MturkAnswers(records.header());
    TextCleaner cleaner = new TextCleaner(cleaning);
    return records.stream()
        .flatMap(
            entry -> {
              Payload payload = new Payload(entry.text());
              return answers.labels(entry).stream()
                  .map(label -> label.row(file, entry.line(), defaultQuestion, payload, cleaner));
            })
        .iterator();
  }

  private Map<String, Integer> places(String file, List<String> names) {
    Map<String, Integer> places = new LinkedHashMap<>();
    for (String field : LabelRow.FIELDS) {
      String name = columns.getOrDefault(field, field);
      int place = isTaken(field, name) ? -1 : names.indexOf(name);
      if (place >= 0) {
        places.put(field, place);
      } else if (!name.endsWith(ONE_HOT)
          && (REQUIRED.contains(field) || columns.containsKey(field))) {
        throw missing(file, name, field, names);
      }
    }
    return places;
  }

  /** Whether the column of that name is mapped to another field, and is therefore not this one. */
  private boolean isTaken(String field, String name) {
    return !columns.containsKey(field) && columns.containsValue(name);
  }

  private static UserError missing(String file, String name, String field, List<String> names) {
    return new UserError(
        ErrorCode.INPUT_UNREADABLE,
        "Cannot read %s: it has no column '%s' for %s, only %s. Map it with --set columns=%s=NAME.",
        file,
        name,
        field,
        shown(names),
        field);
  }

  /** Names as columns have them: the first line of a file without a header may hold anything. */
  private static String shown(List<String> names) {
    return names.stream()
        .map(name -> name != null && name.matches("[A-Za-z][A-Za-z0-9_.]{0,30}") ? name : "...")
        .limit(20)
        .collect(Collectors.joining(", "));
  }

  /** Columns of which the one that holds 1 names the value by what follows the prefix. */
  private Map<String, Integer> oneHot(List<String> header) {
    Map<String, Integer> places = new LinkedHashMap<>();
    String value = columns.getOrDefault("value", "");
    if (value.endsWith(ONE_HOT)) {
      String prefix = value.substring(0, value.length() - 1);
      for (int i = 0; i < header.size(); i++) {
        String name = header.get(i);
        if (name != null && name.startsWith(prefix)) {
          places.put(name.substring(prefix.length()), i);
        }
      }
    }
    return places;
  }

  private Row row(
      String file,
      CsvRecords.Entry record,
      Map<String, Integer> places,
      Map<String, Integer> oneHot,
      TextCleaner cleaner) {
    LabelRow label = new LabelRow();
    Payload payload = new Payload(record.text());
    if (record.refusal() != null) {
      return label
          .refuse(record.refusal().code(), record.refusal().reason())
          .row(file, record.line(), defaultQuestion, payload, cleaner);
    }
    String[] cells = record.cells();
    places.forEach((field, at) -> label.set(field, cells[at]));
    if (!oneHot.isEmpty()) {
      label.set(
          "value",
          String.join(
              ",",
              oneHot.entrySet().stream()
                  .filter(e -> "1".equals(cells[e.getValue()]))
                  .map(Map.Entry::getKey)
                  .toList()));
    }
    return label.row(file, record.line(), defaultQuestion, payload, cleaner);
  }
}
