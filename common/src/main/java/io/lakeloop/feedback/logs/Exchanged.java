package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.feedback.Refusal;
import java.util.List;
import java.util.stream.Stream;

/**
 * One answer of a conversation, and what was said before it.
 *
 * @param turn of the exchange, from 1; alternatives to one answer share it
 * @param key tells the exchange from the others of its record
 * @param before all that the answer was given to, the prompt among it
 * @param path messages with authors of their own that it answers, the prompt last; empty where the
 *     record has one user
 * @param refusal why it cannot be used, or null
 */
record Exchanged(
    int turn,
    String key,
    Conversation before,
    Message answer,
    List<JsonNode> path,
    Refusal refusal) {

  /** The same under another key. */
  Exchanged keyed(String other) {
    return new Exchanged(turn, other, before, answer, path, refusal);
  }

  /** What its messages held beside text, sorted. */
  String[] parts() {
    return Stream.concat(before.messages().stream(), Stream.of(answer))
        .flatMap(message -> message.parts().stream())
        .distinct()
        .sorted()
        .toArray(String[]::new);
  }

  /** Characters that are copied of what came before the answer. */
  long charactersBefore() {
    return before.messages().stream().mapToLong(message -> message.content().length()).sum();
  }
}
