package io.lakeloop.feedback;

import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;

import com.univocity.parsers.common.TextParsingException;
import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Reads labels from CSV with one label per row: {@code item_id, rater_id, value} and, where they
 * are there, {@code question, started_at, submitted_at, cohort, shown_position, confidence,
 * guideline_version, batch, comment}.
 */
public final class LabelReader implements Serializable {
  private static final List<String> REQUIRED = List.of("item_id", "rater_id", "value");
  private static final List<String> OPTIONAL =
      List.of(
          "question",
          "started_at",
          "submitted_at",
          "cohort",
          "shown_position",
          "confidence",
          "guideline_version",
          "batch",
          "comment");
  private static final int LONGEST_CELL = 100_000;

  private static final StructType SCHEMA =
      new StructType()
          .add("source_file", StringType)
          .add("line", LongType)
          .add("label_id", StringType)
          .add("item_id", StringType)
          .add("rater_id", StringType)
          .add("question", StringType)
          .add("value", StringType)
          .add("confidence", DoubleType)
          .add("shown_position", StringType)
          .add("comment", StringType)
          .add("started_at", TimestampType)
          .add("submitted_at", TimestampType)
          .add("guideline_version", StringType)
          .add("batch", StringType)
          .add("cohort", StringType)
          .add("reason_code", StringType)
          .add("reason", StringType)
          .add("payload", StringType);

  private final Map<String, String> columns;
  private final String defaultQuestion;

  /**
   * @param columns name of a field in the files, by its name here; unnamed fields keep their own
   * @param defaultQuestion question of rows that name none
   */
  public LabelReader(Map<String, String> columns, String defaultQuestion) {
    this.columns = new LinkedHashMap<>(columns);
    this.defaultQuestion = defaultQuestion;
    List<String> fields = Stream.concat(REQUIRED.stream(), OPTIONAL.stream()).toList();
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

  /** Columns of labels but run_id and reasons, and those of {@link Quarantine}. */
  public Dataset<Row> read(SourceFiles files) {
    return files.read(SCHEMA, (file, name, in) -> rows(file, in));
  }

  private Iterator<Row> rows(String file, InputStream in) {
    CsvParserSettings settings = new CsvParserSettings();
    settings.setMaxCharsPerColumn(LONGEST_CELL);
    settings.setMaxColumns(512);
    settings.setLineSeparatorDetectionEnabled(true);
    CsvParser parser = new CsvParser(settings);
    try {
      parser.beginParsing(in, StandardCharsets.UTF_8);
      String[] header = parser.parseNext();
      Map<String, Integer> places = places(file, header);
      Stream<CsvRecord> records =
          Stream.iterate(
              CsvRecord.next(parser),
              record -> record.cells() != null,
              record -> CsvRecord.next(parser));
      return records
          .map(record -> row(file, record.line(), record.cells(), places, header.length))
          .iterator();
    } catch (TextParsingException e) {
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot read %s as CSV: %s. Mend the file.",
          file,
          e.getMessage().lines().findFirst().orElse("it cannot be parsed"));
    }
  }

  /** The cells of a record and the line that it begins on. */
  private record CsvRecord(long line, String[] cells) {
    static CsvRecord next(CsvParser parser) {
      long line = parser.getContext().currentLine() + 1;
      return new CsvRecord(line, parser.parseNext());
    }
  }

  private Map<String, Integer> places(String file, String[] header) {
    List<String> names = header == null ? List.of() : Arrays.asList(header);
    Map<String, Integer> places = new LinkedHashMap<>();
    for (String field : Stream.concat(REQUIRED.stream(), OPTIONAL.stream()).toList()) {
      int place = names.indexOf(columns.getOrDefault(field, field));
      if (place >= 0) {
        places.put(field, place);
      } else if (REQUIRED.contains(field) || columns.containsKey(field)) {
        throw new UserError(
            ErrorCode.INPUT_UNREADABLE,
            "Cannot read %s: it has no column '%s' for %s, only %s. Map it with --set"
                + " columns=%s=NAME.",
            file,
            columns.getOrDefault(field, field),
            field,
            String.join(", ", names),
            field);
      }
    }
    return places;
  }

  private Row row(
      String file, long line, String[] cells, Map<String, Integer> places, int columnCount) {
    Fields fields = new Fields(cells, places);
    String item = fields.required("item_id");
    String rater = fields.required("rater_id");
    String value = fields.required("value");
    String question = fields.text("question") == null ? defaultQuestion : fields.text("question");
    Timestamp started = fields.time("started_at");
    Timestamp submitted = fields.time("submitted_at");
    Double confidence = fields.share("confidence");
    String shown = fields.oneOf("shown_position", List.of("ab", "ba"));
    if (cells.length != columnCount) {
      fields.refuse("WRONG_COLUMNS", cells.length + " columns where the header has " + columnCount);
    }
    boolean refused = fields.code != null;
    return RowFactory.create(
        file,
        line,
        refused ? null : labelId(item, rater, question, fields.text("submitted_at")),
        item,
        rater,
        question,
        value,
        confidence,
        shown,
        fields.text("comment"),
        started,
        submitted,
        fields.text("guideline_version"),
        fields.text("batch"),
        fields.text("cohort"),
        fields.code,
        fields.reason,
        refused ? Refusal.payload(String.join(",", Arrays.asList(cells))) : null);
  }

  private static String labelId(String item, String rater, String question, String submitted) {
    return Digest.of(String.join("|", item, rater, question, String.valueOf(submitted)))
        .substring(0, 32);
  }

  /** The cells of one row by field name, with the first thing that is wrong with them. */
  private static final class Fields {
    private final String[] cells;
    private final Map<String, Integer> places;
    private String code;
    private String reason;

    private Fields(String[] cells, Map<String, Integer> places) {
      this.cells = cells;
      this.places = places;
    }

    private void refuse(String problemCode, String problem) {
      if (code == null) {
        code = problemCode;
        reason = problem;
      }
    }

    private String text(String field) {
      Integer place = places.get(field);
      String cell = place == null || place >= cells.length ? null : cells[place];
      return cell == null || cell.isBlank() ? null : cell.strip();
    }

    private String required(String field) {
      if (text(field) == null) {
        refuse("MISSING_FIELD", field + " is missing");
      }
      return text(field);
    }

    private Timestamp time(String field) {
      try {
        return text(field) == null
            ? null
            : Timestamp.from(OffsetDateTime.parse(text(field)).toInstant());
      } catch (DateTimeParseException e) {
        refuse("BAD_TIME", field + " must be a time as 2026-01-31T12:00:00Z");
        return null;
      }
    }

    private Double share(String field) {
      try {
        double value = text(field) == null ? 0 : Double.parseDouble(text(field));
        if (value >= 0 && value <= 1) {
          return text(field) == null ? null : value;
        }
      } catch (NumberFormatException e) {
        // Told below, as a number out of range is.
      }
      refuse("OUT_OF_RANGE", field + " must lie in 0..1");
      return null;
    }

    private String oneOf(String field, List<String> allowed) {
      if (text(field) != null && !allowed.contains(text(field))) {
        refuse("OUT_OF_RANGE", field + " must be one of " + allowed);
      }
      return text(field);
    }
  }
}
