package io.lakeloop.feedback.labels;

import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.config.Digest;
import io.lakeloop.feedback.CleanedRows;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.Unusable;
import io.lakeloop.feedback.messages.MessageReader;
import io.lakeloop.feedback.pairs.ConvincingArguments;
import io.lakeloop.feedback.pairs.ConvincingArguments.Voted;
import io.lakeloop.table.LabelingTables;
import io.lakeloop.table.Messages;
import io.lakeloop.text.Sanitiser;
import io.lakeloop.text.TextCleaner;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Reads items that were put before raters elsewhere, so that their votes have something to be on.
 */
public final class QueueReader {
  private static final StructType SCHEMA =
      new StructType()
          .add("source_file", StringType)
          .add("line", LongType)
          .add("item_id", StringType)
          .add("messages", LabelingTables.LABELING_QUEUE.schema().apply("messages").dataType())
          .add("prompt", StringType)
          .add("completion_a", StringType)
          .add("completion_b", StringType)
          .add("product", StringType)
          .add("gold_value", StringType)
          .add("reason_code", StringType)
          .add("reason", StringType)
          .add("payload", StringType);

  private static final List<String> TEXTS = List.of("prompt", "completion_a", "completion_b");

  private QueueReader() {}

  /**
   * JSON lines with prompt, completion_a, completion_b and, where there are, messages (all that was
   * said before the answers, the prompt among it or behind it), item_id (else a digest of the
   * texts), product, gold_value.
   */
  public static Dataset<Row> json(SourceFiles files, TextCleaner.Settings cleaning) {
    return files.read(
        SCHEMA,
        (file, name, in) -> {
          TextCleaner cleaner = new TextCleaner(cleaning);
          return new JsonRecords(file, in)
              .stream().map(entry -> row(file, entry, cleaner)).iterator();
        });
  }

  /** UKPConvArg1's pairs, whether they have a gold label or not: item_id is pair_id. */
  public static Dataset<Row> convincingArguments(SourceFiles files, TextCleaner.Settings cleaning) {
    return CleanedRows.of(
        ConvincingArguments.voted(files),
        SCHEMA,
        cleaning,
        (row, cleaner) -> row(Voted.of(row), cleaner));
  }

  private static Row row(Voted pair, TextCleaner cleaner) {
    if (pair.refusal() != null) {
      return refused(pair.file(), pair.line(), pair.refusal(), pair.record());
    }
    String[] texts = {pair.prompt(), pair.first(), pair.second()};
    String id = pair.id() == null ? null : pair.id().strip();
    Conversation before = Conversation.of(pair.prompt());
    return row(pair.file(), pair.line(), id, before, texts, null, null, pair.record(), cleaner);
  }

  /** The row of one item. */
  static Row row(String file, JsonRecords.Entry entry, TextCleaner cleaner) {
    Payload record = new Payload(entry.text());
    if (entry.refusal() != null) {
      return refused(file, entry.line(), entry.refusal(), record);
    }
    JsonNode node = entry.node();
    for (String field : TEXTS) {
      if (!node.path(field).isTextual()) {
        Refusal refusal = new Refusal("MISSING_FIELD", field + " is missing, or no text");
        return refused(file, entry.line(), refusal, record);
      }
    }
    for (String field : List.of("item_id", "product", "gold_value")) {
      if (node.path(field).isContainerNode()) {
        Refusal refusal = new Refusal("WRONG_TYPE", field + " must be text or a number");
        return refused(file, entry.line(), refusal, record);
      }
    }
    Conversation before;
    try {
      before = before(node);
    } catch (Unusable e) {
      return refused(file, entry.line(), e.refusal(), record);
    }
    return row(
        file,
        entry.line(),
        text(node, "item_id"),
        before,
        TEXTS.stream().map(field -> node.get(field).textValue()).toArray(String[]::new),
        text(node, "product"),
        text(node, "gold_value"),
        record,
        cleaner);
  }

  private static Conversation before(JsonNode node) throws Unusable {
    String prompt = node.get("prompt").textValue();
    Conversation said = new Conversation(new MessageReader().list(node.path("messages")));
    return said.asks(prompt) ? said : said.with(Message.of(Role.USER, prompt));
  }

  private static String text(JsonNode node, String field) {
    return node.hasNonNull(field) ? node.get(field).asText().strip() : null;
  }

  /** What is wrong with an item, or null. */
  private static Refusal problem(String id, List<String> texts, String product, String gold) {
    for (int i = 0; i < texts.size(); i++) {
      if (Sanitiser.clean(texts.get(i)).isBlank()) {
        return new Refusal("MISSING_FIELD", TEXTS.get(i) + " is blank");
      }
    }
    Map<String, String> names = new LinkedHashMap<>();
    names.put("item_id", id);
    names.put("gold_value", gold);
    for (Map.Entry<String, String> name : names.entrySet()) {
      if (name.getValue() != null && Sanitiser.clean(name.getValue()).isBlank()) {
        return new Refusal("OUT_OF_RANGE", name.getKey() + " is blank");
      }
    }
    return Stream.of(texts.stream(), names.values().stream(), Stream.ofNullable(product))
        .flatMap(fields -> fields)
        .filter(text -> text != null && text.length() > Refusal.LONGEST_TEXT)
        .findFirst()
        .map(text -> Refusal.tooLong("a field", text.length()))
        .orElse(null);
  }

  /**
   * @param texts prompt and both answers
   */
  private static Row row(
      String file,
      long line,
      String id,
      Conversation before,
      String[] texts,
      String product,
      String gold,
      Payload record,
      TextCleaner cleaner) {
    Refusal problem = problem(id, List.of(texts), product, gold);
    if (problem != null) {
      return refused(file, line, problem, record);
    }
    long history = before.messages().stream().mapToLong(m -> m.content().length()).sum();
    if (history > Refusal.LONGEST_TEXT) {
      return refused(file, line, Refusal.tooLong("what came before", (int) history), record);
    }
    cleaner.begin();
    Conversation said = before.mapped(cleaner::text);
    String[] clean = Arrays.stream(texts).map(cleaner::text).toArray(String[]::new);
    String asked = String.join("\u0001", Messages.key(said), clean[1], clean[2]);
    String item = id != null ? cleaner.name(id) : Digest.of(asked).substring(0, 32);
    return RowFactory.create(
        file,
        line,
        item,
        Messages.rows(said),
        clean[0],
        clean[1],
        clean[2],
        cleaner.category(product == null || product.isBlank() ? null : product),
        cleaner.category(gold),
        null,
        null,
        null);
  }

  private static Row refused(String file, long line, Refusal refusal, Payload record) {
    return refusal.row(SCHEMA, file, line, record);
  }
}
