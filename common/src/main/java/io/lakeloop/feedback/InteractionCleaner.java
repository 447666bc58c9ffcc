package io.lakeloop.feedback;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.config.Digest;
import io.lakeloop.table.FeedbackTables;
import io.lakeloop.text.LanguageGuess;
import io.lakeloop.text.Pseudonyms;
import io.lakeloop.text.QualityRules;
import io.lakeloop.text.Redactor;
import io.lakeloop.text.TextCleaner;
import java.io.Serializable;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Turns raw records into interactions, one conversation at a time, so that a person's e-mail
 * address becomes the same placeholder in every turn.
 */
public final class InteractionCleaner implements Serializable {
  private static final List<String> EXTRA =
      List.of("source_file", "line", "reason_code", "reason", "payload");

  private final byte[] subjectKey;

  /**
   * @param subjectKey secret of the keyed hashes that stand in for user ids
   */
  public InteractionCleaner(byte[] subjectKey) {
    this.subjectKey = subjectKey.clone();
  }

  /**
   * Cleans raw records.
   *
   * @param raw rows of interactions_raw
   * @return columns of interactions (duplicate_of still null), and of {@link Quarantine}
   */
  public Dataset<Row> clean(Dataset<Row> raw) {
    StructType schema = schema();
    return raw.select(
            raw.col("record_id"),
            raw.col("source_system"),
            raw.col("source_file"),
            raw.col("line"),
            raw.col("payload"),
            // Records without a conversation are refused, whichever group they fall into.
            functions.coalesce(
                functions.get_json_object(raw.col("payload"), "$.conversation_id"),
                raw.col("record_id")))
        .groupByKey((MapFunction<Row, String>) row -> row.getString(5), Encoders.STRING())
        .flatMapGroups(
            (FlatMapGroupsFunction<String, Row, Row>) (key, rows) -> conversation(rows, schema),
            Encoders.row(schema));
  }

  private static StructType schema() {
    StructType schema = FeedbackTables.INTERACTIONS.schema().asNullable();
    for (String name : EXTRA) {
      schema = schema.add(name, name.equals("line") ? DataTypes.LongType : DataTypes.StringType);
    }
    return schema;
  }

  private Iterator<Row> conversation(Iterator<Row> rows, StructType schema) {
    List<Map<String, Object>> turns = new ArrayList<>();
    rows.forEachRemaining(raw -> turns.add(parse(raw)));
    turns.sort(
        Comparator.comparing((Map<String, Object> turn) -> (Integer) turn.getOrDefault("turn", 0))
            .thenComparing(turn -> (String) turn.get("record_id")));
    Redactor redactor = new Redactor();
    turns.stream()
        .filter(turn -> !turn.containsKey("reason_code"))
        .forEach(turn -> finish(turn, redactor));
    return turns.stream().map(turn -> row(turn, schema)).iterator();
  }

  private static Row row(Map<String, Object> cells, StructType schema) {
    Object[] values = new Object[schema.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = cells.get(schema.fieldNames()[i]);
    }
    return RowFactory.create(values);
  }

  private Map<String, Object> parse(Row raw) {
    LogRecord log = LogRecord.parse(raw.getString(4));
    Map<String, Object> cells = new HashMap<>();
    cells.put("record_id", raw.getString(0));
    cells.put("source_system", raw.getString(1));
    cells.put("source_file", raw.getString(2));
    cells.put("line", raw.getLong(3));
    cells.put("interaction_id", Digest.of(raw.getString(0)).substring(0, 32));
    cells.put("conversation_id", log.requiredText("conversation_id"));
    Integer turn = log.within("turn", 1, 10_000);
    cells.put("turn", turn == null ? 1 : turn);
    cells.put("prompt", log.requiredText("prompt"));
    cells.put("completion", log.requiredText("completion"));
    cells.put("model_version", log.text("model_version"));
    cells.put("product", log.text("product"));
    cells.put("latency_ms", log.wholeNumber("latency_ms"));
    cells.put("tokens_in", log.wholeNumber("tokens_in"));
    cells.put("tokens_out", log.wholeNumber("tokens_out"));
    cells.put("thumb", log.within("thumb", -1, 1));
    cells.put("csat", log.within("csat", 1, 5));
    cells.put("task_completed", log.flag("task_completed"));
    cells.put("escalated", log.flag("escalated"));
    Boolean consent = log.flag("consent");
    cells.put("consent", Boolean.TRUE.equals(consent));
    Instant created = log.time("created_at");
    cells.put("created_at", created == null ? null : Timestamp.from(created));
    String user = log.text("user_id");
    cells.put("subject_key", user == null ? null : new Pseudonyms(subjectKey).of(user));
    cells.put("retrieved_documents", documents(log));
    cells.put("tool_calls", toolCalls(log));
    cells.put("messages", messages(log));
    Refusal refusal = log.refusal();
    if (refusal != null) {
      cells.put("reason_code", refusal.code());
      cells.put("reason", refusal.reason());
      cells.put("payload", Refusal.payload(raw.getString(4)));
    }
    return cells;
  }

  private static Object documents(LogRecord log) {
    return log.objects("retrieved_documents").stream()
        .map(
            d ->
                RowFactory.create(
                    d.path("id").asText(null),
                    d.path("score").isNumber() ? d.path("score").asDouble() : null,
                    d.path("rank").isInt() ? d.path("rank").asInt() : null))
        .toArray(Row[]::new);
  }

  private static Object toolCalls(LogRecord log) {
    return log.objects("tool_calls").stream()
        .map(
            call ->
                RowFactory.create(
                    call.path("name").asText(null),
                    text(call.path("arguments")),
                    text(call.path("result"))))
        .toArray(Row[]::new);
  }

  private static Object messages(LogRecord log) {
    return log.objects("messages").stream()
        .map(m -> RowFactory.create(m.path("role").asText(null), text(m.path("content"))))
        .toArray(Row[]::new);
  }

  private static String text(JsonNode node) {
    return node.isMissingNode() || node.isNull()
        ? null
        : node.isTextual() ? node.textValue() : node.toString();
  }

  /** Cleans and redacts every text of the turn, then judges what is left. */
  private static void finish(Map<String, Object> turn, Redactor redactor) {
    TreeSet<String> kinds = new TreeSet<>();
    for (String field : List.of("prompt", "completion")) {
      turn.put(field, clean((String) turn.get(field), redactor, kinds));
    }
    for (String nested : List.of("messages", "tool_calls")) {
      Row[] rows = (Row[]) turn.get(nested);
      for (int i = 0; i < rows.length; i++) {
        Object[] values = new Object[rows[i].size()];
        for (int j = 0; j < values.length; j++) {
          values[j] = clean(rows[i].getString(j), redactor, kinds);
        }
        rows[i] = RowFactory.create(values);
      }
    }
    String prompt = (String) turn.get("prompt");
    String completion = (String) turn.get("completion");
    turn.put("pii_types", kinds.toArray(String[]::new));
    turn.put("language", LanguageGuess.of(prompt + " " + completion));
    turn.put("quality_flags", QualityRules.broken(completion).toArray(String[]::new));
    turn.put(
        "content_hash",
        Digest.of(TextCleaner.fingerprint(prompt) + "\n" + TextCleaner.fingerprint(completion))
            .substring(0, 32));
  }

  private static String clean(String text, Redactor redactor, TreeSet<String> kinds) {
    if (text == null) {
      return null;
    }
    Redactor.Redaction redaction = redactor.redact(TextCleaner.clean(text));
    kinds.addAll(redaction.kinds());
    return redaction.text();
  }
}
