package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.chat.ToolCall;
import io.lakeloop.config.Digest;
import io.lakeloop.feedback.Growth;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.Unusable;
import io.lakeloop.feedback.messages.MessageReader;
import io.lakeloop.table.PackedRows;
import io.lakeloop.text.Pseudonyms;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.DateTimeUtils;

/** Reads the turns of raw records, checked, but neither cleaned nor redacted. */
final class RecordReader {
  /** Use that lets a row enter training and so the labeling queue. */
  private static final String TRAINING = "training";

  private static final int MOST_MESSAGES = 1000;

  private static final List<String> LISTS =
      List.of(
          "messages", "conversations", "conversation", "replies", "input", "contents", "choices");

  private static final Refusal TOO_LONG_BEFORE =
      new Refusal(
          "HISTORY_TOO_LONG",
          "the messages before its answers are many times as long as all of it");

  private static final List<String> ALL_USES = List.of("evaluation", "labeling", TRAINING);

  private final Pseudonyms pseudonyms;

  RecordReader(Pseudonyms pseudonyms) {
    this.pseudonyms = pseudonyms;
  }

  /** A raw record on its way; what every turn of it carries. */
  record Raw(
      String recordId,
      String sourceSystem,
      String sourceFile,
      long line,
      String payload,
      LogFormat format,
      List<String> consentDefault,
      Timestamp receivedAt,
      ZoneId timeZone) {

    /** Columns that a raw record is read from, in the order of {@link #of}. */
    static final List<String> COLUMNS =
        List.of(
            "record_id",
            "source_system",
            "source_file",
            "line",
            "payload",
            "format",
            "consent_default",
            "received_at",
            "time_zone");

    static Raw of(InternalRow row) {
      String format = PackedRows.text(row, 5);
      List<String> consent = new ArrayList<>();
      for (int i = 0; !row.isNullAt(6) && i < row.getArray(6).numElements(); i++) {
        consent.add(row.getArray(6).getUTF8String(i).toString());
      }
      return new Raw(
          PackedRows.text(row, 0),
          PackedRows.text(row, 1),
          PackedRows.text(row, 2),
          row.getLong(3),
          PackedRows.text(row, 4),
          format == null ? LogFormat.LAKELOOP : LogFormat.valueOf(format),
          consent,
          DateTimeUtils.toJavaTimestamp(row.getLong(7)),
          row.isNullAt(8) ? ZoneOffset.UTC : ZoneId.of(PackedRows.text(row, 8)));
    }

    Turn turn() {
      return new Turn()
          .set("record_id", recordId)
          .set("source_system", sourceSystem)
          .set("source_file", sourceFile)
          .set("line", line);
    }

    /** What the record is read from again when its conversation is at hand. */
    void defer(Turn turn, String conversationKey) {
      turn.set("raw_payload", payload)
          .set("format", format.name())
          .set("consent_default", consentDefault.toArray(String[]::new))
          .set("received_at", receivedAt)
          .set("time_zone", timeZone.getId())
          .set("conversation_key", conversationKey);
    }
  }

  /** The turns of a record by itself; one refused turn where it cannot be used. */
  List<Turn> turns(Raw raw, LogRecord read) {
    LogRecord record = read.translated(raw.timeZone());
    try {
      if (raw.format() == LogFormat.LAKELOOP || raw.format() == LogFormat.TABLE) {
        Turn turn = own(raw, record);
        return List.of(record.refusal() == null ? turn : refused(raw, record.refusal()));
      }
      return exchanged(raw, record);
    } catch (Unusable e) {
      return List.of(refused(raw, e.refusal()));
    }
  }

  private List<Turn> exchanged(Raw raw, LogRecord record) throws Unusable {
    if (messages(record.node()) > MOST_MESSAGES) {
      throw new Unusable("TOO_MANY_MESSAGES", "it has more than " + MOST_MESSAGES + " messages");
    }
    MessageReader reader = new MessageReader();
    List<Exchanged> exchanges =
        raw.format().isTree()
            ? MessageTree.exchanges(record.node(), reader)
            : Exchanges.of(raw.format().dialogue(record.node(), reader));
    if (exchanges.isEmpty()) {
      throw new Unusable("NO_EXCHANGE", "no message of a user has an answer after it");
    }
    long before = exchanges.stream().mapToLong(Exchanged::charactersBefore).sum();
    if (before > Growth.limit(raw.payload().length())) {
      return List.of(refused(raw, TOO_LONG_BEFORE));
    }
    Set<String> users = LogRecord.users(record.node());
    List<Turn> turns = new ArrayList<>();
    for (Exchanged exchange : exchanges) {
      turns.add(
          exchange.refusal() == null
              ? exchanged(raw, record, exchange, users)
              : refused(raw, exchange.refusal()));
    }
    return record.refusal() == null ? turns : List.of(refused(raw, record.refusal()));
  }

  /** Messages of a record, wherever they stand; each exchange carries those before it. */
  private static int messages(JsonNode node) {
    int count = 0;
    for (String list : LISTS) {
      for (JsonNode message : node.path(list)) {
        count += 1 + (message.isContainerNode() ? messages(message) : 0);
      }
    }
    for (String inner : List.of("request", "response", "prompt", "inputs", "body")) {
      count += node.path(inner).isObject() ? messages(node.get(inner)) : 0;
    }
    return count;
  }

  /** The turns of records whose messages refer to one another, in their order. */
  List<Turn> linked(List<Raw> raws, List<LogRecord> records) {
    Map<Integer, Exchanged> exchanges =
        MessageTree.linked(records.stream().map(LogRecord::node).toList());
    Set<Integer> tooLong =
        tooLong(exchanges, raws.stream().mapToLong(raw -> raw.payload().length()).sum());
    Map<JsonNode, Set<String>> users = new IdentityHashMap<>();
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < raws.size(); i++) {
      LogRecord record = records.get(i).translated(raws.get(i).timeZone());
      Refusal refusal =
          tooLong.contains(i) ? TOO_LONG_BEFORE : notExchanged(exchanges.get(i), record);
      Turn turn = null;
      if (refusal == null) {
        Set<String> named = new TreeSet<>(LogRecord.users(record.node()));
        for (JsonNode message : exchanges.get(i).path()) {
          named.addAll(users.computeIfAbsent(message, LogRecord::users));
        }
        turn = exchanged(raws.get(i), record, exchanges.get(i), named);
        refusal = record.refusal();
      }
      turns.add(refusal == null ? turn : refused(raws.get(i), refusal));
    }
    return turns;
  }

  private static Refusal notExchanged(Exchanged exchange, LogRecord record) {
    if (exchange != null) {
      return exchange.refusal();
    }
    return record.node().path("role").asText().equals("assistant")
        ? new Refusal("PARENT_MISSING", "the message that it answers is not there")
        : new Refusal(
            Refusal.NOT_AN_EXCHANGE, "a message of a user: its answers are rows of their own");
  }

  /** The longest, without which the others keep within bounds: one sender is not another's harm. */
  private static Set<Integer> tooLong(Map<Integer, Exchanged> exchanges, long source) {
    long characters = exchanges.values().stream().mapToLong(Exchanged::charactersBefore).sum();
    List<Integer> longest =
        exchanges.keySet().stream()
            .sorted(
                Comparator.comparingLong((Integer i) -> -exchanges.get(i).charactersBefore())
                    .thenComparing(Comparator.naturalOrder()))
            .toList();
    Set<Integer> tooLong = new HashSet<>();
    for (int i = 0; characters > Growth.limit(source); i++) {
      characters -= exchanges.get(longest.get(i)).charactersBefore();
      tooLong.add(longest.get(i));
    }
    return tooLong;
  }

  static Turn refused(Raw raw, Refusal refusal) {
    return raw.turn()
        .set("reason_code", refusal.code())
        .set("reason", refusal.reason())
        .set("payload", new Payload(raw.payload()).kept());
  }

  private Turn own(Raw raw, LogRecord log) throws Unusable {
    if (!LogFormat.knows(log.node())) {
      throw new Unusable("UNKNOWN_FORM", "it has the fields of no known form of a log");
    }
    Turn turn = raw.turn();
    Integer number = log.within("turn", 1, 10_000);
    boolean table = raw.format() == LogFormat.TABLE;
    Instant created = table ? log.optionalTime("created_at") : log.requiredTime("created_at");
    String conversation = table ? log.text("conversation_id") : log.requiredText("conversation_id");
    shared(turn, log, LogRecord.user(log.node()), LogRecord.users(log.node()));
    String prompt = log.requiredText("prompt");
    String completion = log.requiredText("completion");
    Conversation before = prompt == null ? Conversation.of("") : before(log, prompt);
    turn.set("interaction_id", Digest.of(raw.recordId()).substring(0, 32))
        .set("conversation_id", conversation == null ? raw.recordId() : conversation)
        .set("turn", number == null ? 1 : number)
        .set("created_at", created == null ? raw.receivedAt() : Timestamp.from(created))
        .set("consent_uses", uses(log, raw.consentDefault()))
        .set("retrieved_documents", documents(log))
        .set("tool_calls", toolCalls(log));
    return saying(turn, before, completion);
  }

  /** The record's messages, documents with a text, and the prompt where they do not end in it. */
  private static Conversation before(LogRecord log, String prompt) throws Unusable {
    MessageReader reader = new MessageReader();
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : log.objects("messages")) {
      messages.addAll(reader.messages(message, ""));
    }
    if (!new Conversation(messages).asks(prompt)) {
      for (JsonNode document : log.objects("retrieved_documents")) {
        if (document.path("text").isTextual()) {
          String id = document.path("title").asText(document.path("id").asText(null));
          String text = document.get("text").textValue();
          messages.add(new Message(Role.DOCUMENT, text, id, List.of(), null, 1));
        }
      }
      messages.add(Message.of(Role.USER, prompt));
    }
    return new Conversation(messages);
  }

  private static Turn saying(Turn turn, Conversation before, String completion) {
    String[] parts =
        before.messages().stream()
            .flatMap(message -> message.parts().stream())
            .distinct()
            .sorted()
            .toArray(String[]::new);
    return turn.set("prompt", before.prompt())
        .set("completion", completion)
        .set("parts", parts)
        .setBefore(before);
  }

  private Turn exchanged(Raw raw, LogRecord log, Exchanged exchange, Set<String> users) {
    Turn turn = raw.turn();
    Instant created = log.optionalTime("created_at");
    List<JsonNode> path = exchange.path();
    String author = path.isEmpty() ? null : LogRecord.user(path.get(path.size() - 1));
    shared(turn, log, author == null ? LogRecord.user(log.node()) : author, users);
    String key = MessageTree.key(raw.format(), log.node());
    log.bounded("prompt", exchange.before().prompt());
    log.bounded("completion", exchange.answer().content());
    turn.set("interaction_id", Digest.of(raw.recordId() + "|" + exchange.key()).substring(0, 32))
        .set("conversation_id", key == null ? raw.recordId() : key)
        .set("turn", exchange.turn())
        .set("created_at", created == null ? raw.receivedAt() : Timestamp.from(created))
        .set("consent_uses", uses(log, raw.consentDefault()))
        .set("retrieved_documents", documents(log))
        .set("tool_calls", calls(exchange.before()));
    return saying(turn, exchange.before(), exchange.answer().content())
        .set("parts", exchange.parts());
  }

  /** Calls behind the prompt, with what they brought back. */
  private static Row[] calls(Conversation before) {
    Map<String, String[]> calls = new LinkedHashMap<>();
    for (Message message : before.messages()) {
      if (message.role() == Role.USER) {
        calls.clear();
      }
      for (ToolCall call : message.calls()) {
        String id = call.id() == null ? "call " + calls.size() : call.id();
        calls.put(id, new String[] {call.name(), call.arguments(), null});
      }
      if (message.role() == Role.TOOL) {
        result(message, calls);
      }
    }
    return calls.values().stream()
        .map(call -> RowFactory.create((Object[]) call))
        .toArray(Row[]::new);
  }

  /** A result without an id belongs to the first call that has none yet. */
  private static void result(Message result, Map<String, String[]> calls) {
    String[] call = result.callId() == null ? null : calls.get(result.callId());
    if (call == null) {
      call = calls.values().stream().filter(c -> c[2] == null).findFirst().orElse(null);
    }
    if (call == null) {
      call = new String[] {result.name(), null, null};
      calls.put("result " + calls.size(), call);
    }
    call[2] = result.content();
  }

  /**
   * What any format may carry beside the texts.
   *
   * @param user who wrote the prompt, or null
   * @param users everyone whom the record, or a message that it goes back to, names
   */
  private void shared(Turn turn, LogRecord log, String user, Set<String> users) {
    LogRecord.USERS.forEach(log::text);
    turn.set("subject_key", user == null ? null : pseudonyms.of(user))
        .set("subject_keys", users.stream().map(pseudonyms::of).sorted().toArray(String[]::new))
        .set("model_version", log.text("model_version"))
        .set("product", log.text("product"))
        .set("cohort", log.text("cohort"))
        .set("latency_ms", log.wholeNumber("latency_ms"))
        .set("tokens_in", log.wholeNumber("tokens_in"))
        .set("tokens_out", log.wholeNumber("tokens_out"))
        .set("thumb", log.within("thumb", -1, 1))
        .set("csat", log.within("csat", 1, 5))
        .set("task_completed", log.flag("task_completed"))
        .set("escalated", log.flag("escalated"))
        .set("business_value", log.number("business_value"));
  }

  /** Consent is yes or no to every use, or a list of uses; where nothing is said, the default. */
  private static String[] uses(LogRecord log, List<String> consentDefault) {
    List<String> uses = log.uses("consent", ALL_USES);
    return (uses == null ? consentDefault : uses).stream().sorted().toArray(String[]::new);
  }

  static boolean allowsTraining(Turn turn) {
    return List.of((String[]) turn.get("consent_uses")).contains(TRAINING);
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
                    LogRecord.asText(call.path("arguments")),
                    LogRecord.asText(call.path("result"))))
        .toArray(Row[]::new);
  }
}
