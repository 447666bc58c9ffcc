package io.lakeloop.feedback.labels;

import static org.apache.spark.sql.types.DataTypes.BooleanType;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;
import static org.apache.spark.sql.types.DataTypes.createArrayType;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.config.Digest;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.Times;
import io.lakeloop.text.Sanitiser;
import io.lakeloop.text.TextCleaner;
import java.math.BigDecimal;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/** One label on its way from a file, its fields as text until they are checked. */
final class LabelRow {
  /** Fields that a label can have. */
  static final List<String> FIELDS =
      List.of(
          "item_id",
          "rater_id",
          "value",
          "question",
          "started_at",
          "submitted_at",
          "cohort",
          "shown_position",
          "confidence",
          "guideline_version",
          "batch",
          "comment",
          "lead_time");

  /** Columns of labels but run_id, and those of Quarantine. */
  static final StructType SCHEMA =
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
          .add("reasons", createArrayType(StringType))
          .add("comment", StringType)
          .add("started_at", TimestampType)
          .add("submitted_at", TimestampType)
          .add("guideline_version", StringType)
          .add("batch", StringType)
          .add("cohort", StringType)
          .add("is_ground_truth", BooleanType)
          .add("reason_code", StringType)
          .add("reason", StringType)
          .add("payload", StringType);

  private static final Pattern DECIMAL = Pattern.compile("-?(?:0|[1-9][0-9]{0,17})\\.[0-9]{1,18}");

  private static final Pattern WHOLE = Pattern.compile("(?:0|[1-9][0-9]{0,17})\\.0+");

  private final Map<String, String> fields = new HashMap<>();
  private String[] reasons = {};
  private Boolean groundTruth;
  private String code;
  private String problem;

  LabelRow set(String field, String value) {
    if (value != null && value.length() > Refusal.LONGEST_TEXT) {
      return refuse(Refusal.tooLong(field, value.length()));
    }
    if (value != null && !Sanitiser.clean(value).isBlank()) {
      fields.put(field, value.strip());
    }
    return this;
  }

  /** Sets a field to text or a number of JSON; what is not there, or null, leaves it empty. */
  LabelRow set(String field, JsonNode value) {
    if (value.isContainerNode()) {
      return refuse("WRONG_TYPE", field + " must be text or a number");
    }
    return set(field, value.isMissingNode() || value.isNull() ? null : value.asText());
  }

  /** One number in one form: tables that have a gap write 3 as 3.0. */
  private static String plain(String value) {
    return value != null && DECIMAL.matcher(value).matches()
        ? new BigDecimal(value).stripTrailingZeros().toPlainString()
        : value;
  }

  /** A number that names something, which such tables write as 17.0, too. */
  private static String whole(String name) {
    return name != null && WHOLE.matcher(name).matches()
        ? name.substring(0, name.indexOf('.'))
        : name;
  }

  LabelRow reasons(List<String> ticked) {
    int length = ticked.stream().mapToInt(String::length).sum();
    if (length > Refusal.LONGEST_TEXT) {
      return refuse(Refusal.tooLong("reasons", length));
    }
    reasons = ticked.toArray(String[]::new);
    return this;
  }

  LabelRow groundTruth(boolean isGroundTruth) {
    groundTruth = isGroundTruth;
    return this;
  }

  LabelRow refuse(String problemCode, String why) {
    if (code == null) {
      code = problemCode;
      problem = why;
    }
    return this;
  }

  LabelRow refuse(Refusal refusal) {
    return refuse(refusal.code(), refusal.reason());
  }

  /** Characters of all fields. */
  long length() {
    return Stream.concat(fields.values().stream(), Arrays.stream(reasons))
        .mapToLong(String::length)
        .sum();
  }

  /**
   * The row.
   *
   * @param defaultQuestion where the label names none
   * @param record that it stands in, for quarantine
   * @param cleaner of personal data
   */
  Row row(String file, long line, String defaultQuestion, Payload record, TextCleaner cleaner) {
    cleaner.begin();
    String item = cleaner.name(whole(required("item_id")));
    String rater = cleaner.name(whole(required("rater_id")));
    String value = cleaner.category(plain(required("value")));
    String question = cleaner.category(fields.getOrDefault("question", defaultQuestion));
    Timestamp submitted = time("submitted_at");
    Timestamp started = started(submitted);
    Double confidence = share("confidence");
    String shown = oneOf("shown_position", List.of("ab", "ba"));
    boolean refused = code != null;
    return RowFactory.create(
        file,
        line,
        refused ? null : labelId(item, rater, question, submitted),
        item,
        rater,
        question,
        value,
        confidence,
        shown,
        Arrays.stream(reasons).map(cleaner::text).toArray(String[]::new),
        cleaner.text(fields.get("comment")),
        started,
        submitted,
        cleaner.category(fields.get("guideline_version")),
        cleaner.category(fields.get("batch")),
        cleaner.category(fields.get("cohort")),
        groundTruth,
        code,
        problem,
        refused ? record.kept() : null);
  }

  /** The same time counts as the same however it is written. */
  private static String labelId(String item, String rater, String question, Timestamp submitted) {
    return Digest.of(
            String.join(
                "|",
                item,
                rater,
                question,
                submitted == null ? "null" : submitted.toInstant().toString()))
        .substring(0, 32);
  }

  /** When the item was opened: as told, or by the seconds that it took. */
  private Timestamp started(Timestamp submitted) {
    Timestamp started = time("started_at");
    String seconds = fields.get("lead_time");
    if (started != null || submitted == null || seconds == null) {
      return started;
    }
    Optional<Instant> opened = Times.before(submitted.toInstant(), seconds);
    if (opened.isEmpty()) {
      refuse("OUT_OF_RANGE", "lead_time must be seconds from 0 on, back to 1970 at most");
    }
    return opened.map(Timestamp::from).orElse(null);
  }

  private String required(String field) {
    if (!fields.containsKey(field)) {
      refuse("MISSING_FIELD", field + " is missing");
    }
    return fields.get(field);
  }

  private Timestamp time(String field) {
    String text = fields.get(field);
    Optional<Instant> time = text == null ? Optional.empty() : Times.of(text);
    if (text != null && time.isEmpty()) {
      refuse("BAD_TIME", field + Times.EXPECTED);
    }
    return time.map(Timestamp::from).orElse(null);
  }

  private Double share(String field) {
    String text = fields.get(field);
    if (text == null) {
      return null;
    }
    try {
      double value = Double.parseDouble(text);
      if (value >= 0 && value <= 1) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Told below, as a number out of range is.
    }
    refuse("OUT_OF_RANGE", field + " must lie in 0..1");
    return null;
  }

  private String oneOf(String field, List<String> allowed) {
    String text = fields.get(field);
    if (text != null && !allowed.contains(text)) {
      refuse("OUT_OF_RANGE", field + " must be one of " + allowed);
    }
    return text;
  }
}
