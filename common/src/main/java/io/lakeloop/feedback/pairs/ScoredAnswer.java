package io.lakeloop.feedback.pairs;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.feedback.Unusable;
import java.util.ArrayList;
import java.util.List;

/**
 * One answer with a score of its own: pairs are made with other answers to the same.
 *
 * @param score the higher, the better
 */
record ScoredAnswer(Conversation before, String completion, double score) {

  /**
   * @param answer the messages behind those before; where there are none, the last of those
   * @throws Unusable where the last is no text of the assistant, or nothing was asked
   */
  static ScoredAnswer of(List<Message> before, List<Message> answer, double score) throws Unusable {
    List<Message> all = new ArrayList<>(before);
    boolean repeats =
        answer.size() > before.size() && answer.subList(0, before.size()).equals(before);
    all.addAll(repeats ? answer.subList(before.size(), answer.size()) : answer);
    Message last = all.isEmpty() ? Message.of(Role.USER, "") : all.remove(all.size() - 1);
    Conversation asked = new Conversation(all);
    if (last.role() != Role.ASSISTANT || !last.calls().isEmpty()) {
      throw new Unusable("NO_ANSWER", "it does not end in a text of the assistant");
    } else if (asked.prompt().isBlank()) {
      throw new Unusable("MISSING_FIELD", "prompt must be text or messages");
    }
    return new ScoredAnswer(asked, last.content(), score);
  }
}
