package io.lakeloop.feedback.logs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.text.Pseudonyms;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecordReaderTest {
  private static final Pseudonyms KEYS = new Pseudonyms(new byte[32]);

  private static RecordReader.Raw raw(int i, LogFormat format, String payload) {
    return new RecordReader.Raw(
        "r" + i,
        "system",
        "file",
        i,
        payload,
        format,
        List.of(),
        new Timestamp(0),
        java.time.ZoneOffset.UTC);
  }

  private static List<Turn> turns(LogFormat format, String payload) {
    return new RecordReader(KEYS).turns(raw(0, format, payload), LogRecord.parse(payload));
  }

  private static List<Turn> linked(List<String> payloads) {
    return new RecordReader(KEYS)
        .linked(
            IntStream.range(0, payloads.size())
                .mapToObj(i -> raw(i, LogFormat.OASST_MESSAGES, payloads.get(i)))
                .toList(),
            payloads.stream().map(LogRecord::parse).toList());
  }

  private static String message(String id, String parent, String more, String text) {
    String role = id.startsWith("a") ? "assistant" : "prompter";
    return "{\"message_id\":\"%s\",\"parent_id\":%s,\"role\":\"%s\",%s\"text\":\"%s\"}"
        .formatted(id, parent == null ? "null" : "\"" + parent + "\"", role, more, text);
  }

  private static List<String> codes(List<Turn> turns) {
    return turns.stream().map(turn -> String.valueOf(turn.text("reason_code"))).toList();
  }

  /** 500 exchanges, each with up to 999 messages of 4,000 characters before it, make 1 GB. */
  @Test
  void aConversationThatSwellsIsRefused() {
    String exchange =
        "{\"role\":\"user\",\"content\":\"%1$s\"},{\"role\":\"assistant\",\"content\":\"%1$s\"}"
            .formatted("x".repeat(4_000));
    String all = "{\"messages\":[" + exchange + ("," + exchange).repeat(499) + "]}";
    assertThat(codes(turns(LogFormat.OPENAI_CHAT, all))).containsExactly("HISTORY_TOO_LONG");
    String some = "{\"messages\":[" + exchange + ("," + exchange).repeat(99) + "]}";
    assertThat(turns(LogFormat.OPENAI_CHAT, some)).hasSize(100);
  }

  @Test
  void answersToALongMessageCostNoOtherConversationItsOwn() {
    List<String> messages = new ArrayList<>();
    messages.add(message("p0", null, "", "Where is it?"));
    messages.add(message("a0", "p0", "", "Here."));
    messages.add(message("p1", null, "", "y".repeat(90_000)));
    IntStream.range(0, 2_000).forEach(i -> messages.add(message("a1-" + i, "p1", "", "No.")));
    List<String> codes = codes(linked(messages));
    assertThat(codes.subList(0, 2)).containsExactly("NOT_AN_EXCHANGE", "null");
    long kept = codes.stream().filter("null"::equals).count();
    assertThat((kept - 1) * 90_000).isBetween(40_000_000L, 50_000_000L);
    assertThat(codes).contains("HISTORY_TOO_LONG").hasSize(2_003);
  }

  @Test
  void aMessageWithoutAnIdIsNobodysParent() {
    List<Turn> turns =
        linked(
            List.of(
                message("null", null, "", "I am none."),
                "{\"role\":\"prompter\",\"text\":\"Nor am I.\"}",
                message("a1", null, "", "Hello."),
                message("a2", "", "", "Hello, too.")));
    assertThat(codes(turns))
        .containsExactly("NOT_AN_EXCHANGE", "NOT_AN_EXCHANGE", "PARENT_MISSING", "PARENT_MISSING");
  }

  @Test
  void anAnswerWhoseHistoryIsNotWholeIsRefused() {
    List<Turn> turns =
        linked(
            List.of(
                message("p2", "a1", "", "And then?"),
                message("a2", "p2", "", "Nothing."),
                message("p3", "a3", "", "Me?"),
                message("a3", "p3", "", "You.")));
    assertThat(codes(turns))
        .containsExactly(
            "NOT_AN_EXCHANGE", "PARENT_MISSING", "NOT_AN_EXCHANGE", "HISTORY_TOO_LONG");
  }

  /** By which a request for deletion finds the turn when the raw records are gone. */
  @Test
  void aTurnKnowsEveryoneWhoseWordsItHolds() {
    List<Turn> turns =
        linked(
            List.of(
                message("p1", null, "\"user_id\":\"ann\",", "One?"),
                message("a1", "p1", "\"user_id\":\"bob\",", "One."),
                message("p2", "a1", "\"user\":{\"id\":7},\"user_id\":\"\",", "Two?"),
                message("a2", "p2", "", "Two.")));
    assertThat(turns.get(1).get("subject_key")).isEqualTo(KEYS.of("ann"));
    assertThat((String[]) turns.get(1).get("subject_keys"))
        .containsExactlyInAnyOrder(KEYS.of("ann"), KEYS.of("bob"));
    assertThat((String[]) turns.get(3).get("subject_keys"))
        .containsExactlyInAnyOrder(KEYS.of("ann"), KEYS.of("bob"), KEYS.of("7"));
  }

  @Test
  void blanksAreNobodysName() {
    String record =
        "{\"conversation_id\":\"c\",\"user_id\":\" \",\"user\":\"eve\",\"prompt\":\"p\","
            + "\"completion\":\"c\",\"created_at\":\"2026-01-02T10:00:00Z\"}";
    Turn turn = turns(LogFormat.LAKELOOP, record).get(0);
    assertThat(turn.get("subject_key")).isEqualTo(KEYS.of("eve"));
    Turn nobodys = turns(LogFormat.LAKELOOP, record.replace("eve", "")).get(0);
    assertThat(nobodys.get("subject_key")).isNull();
    assertThat((String[]) nobodys.get("subject_keys")).isEmpty();
  }
}
