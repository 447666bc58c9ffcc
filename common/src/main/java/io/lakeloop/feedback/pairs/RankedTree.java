package io.lakeloop.feedback.pairs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.feedback.Unusable;
import io.lakeloop.feedback.messages.MessageReader;
import java.util.ArrayList;
import java.util.List;

/** Pairs of a tree whose answers to one message are ranked, 0 the best. */
final class RankedTree {
  private static final int DEEPEST = 500;

  private RankedTree() {}

  /**
   * @param path the messages above
   */
  static void pairs(JsonNode node, List<Message> path, List<Pair> pairs) throws Unusable {
    if (path.size() >= DEEPEST) {
      return;
    }
    List<Message> here = new ArrayList<>(path);
    Message message = new MessageReader().messages(node, "user").get(0);
    here.add(message);
    List<Answers.Scored> answers = new ArrayList<>();
    for (JsonNode reply : node.path("replies")) {
      pairs(reply, here, pairs);
      if (reply.path("rank").isInt() && reply.path("text").isTextual()) {
        answers.add(
            new Answers.Scored(reply.get("text").textValue(), -reply.get("rank").intValue()));
      }
    }
    if (message.role() == Role.USER && answers.size() > 1) {
      Answers.addPairs(new Conversation(here), answers, pairs);
    }
  }
}
