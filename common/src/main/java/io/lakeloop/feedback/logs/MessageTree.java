package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.Unusable;
import io.lakeloop.feedback.messages.MessageReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;

/** Conversations that branch, as OpenAssistant has them: every message answers its parent. */
final class MessageTree {
  private static final int DEEPEST = 500;

  private MessageTree() {}

  /** The exchanges of a tree: every assistant's message with the way to it. */
  static List<Exchanged> exchanges(JsonNode record, MessageReader reader) throws Unusable {
    JsonNode root = record.path("prompt").isObject() ? record.get("prompt") : record;
    List<Exchanged> found = new ArrayList<>();
    walk(root, List.of(), reader, found);
    return found;
  }

  /** A message and where it stands in the record. */
  private record Said(Message message, JsonNode source) {}

  private static void walk(
      JsonNode node, List<Said> path, MessageReader reader, List<Exchanged> found) throws Unusable {
    if (path.size() >= DEEPEST) {
      return;
    }
    Said said = said(node, reader);
    if (said.message().role() == Role.ASSISTANT && !path.isEmpty()) {
      found.add(answer(id(node, String.valueOf(found.size())), said.message(), path));
    }
    List<Said> here = new ArrayList<>(path);
    here.add(said);
    for (JsonNode reply : node.path("replies")) {
      walk(reply, here, reader, found);
    }
  }

  private static Exchanged answer(String key, Message answer, List<Said> path) {
    Conversation before = new Conversation(path.stream().map(Said::message).toList());
    int turn = (int) before.messages().stream().filter(m -> m.role() == Role.USER).count();
    return new Exchanged(
        Math.max(1, turn),
        key,
        before,
        answer,
        path.stream().map(Said::source).toList(),
        problem(before, answer));
  }

  private static Refusal problem(Conversation before, Message answer) {
    if (answer.content().isBlank()) {
      return new Refusal("EMPTY_ANSWER", "the answer is empty");
    }
    return before.prompt().isBlank()
        ? new Refusal("EMPTY_PROMPT", "no message of a user with a text stands before the answer")
        : null;
  }

  private static Said said(JsonNode node, MessageReader reader) throws Unusable {
    return new Said(reader.messages(node, "").get(0), node);
  }

  private static String id(JsonNode message, String otherwise) {
    for (String field : List.of("message_id", "user_message_id", "id")) {
      if (message.path(field).isTextual()) {
        return message.get(field).textValue();
      }
    }
    return otherwise;
  }

  /** The id of the message that one answers, or null. */
  private static String parent(JsonNode message) {
    for (String field : List.of("parent_id", "parent_message_id")) {
      if (message.path(field).isTextual() && !message.get(field).textValue().isEmpty()) {
        return message.get(field).textValue();
      }
    }
    return null;
  }

  /**
   * Exchanges of messages that name their parents, by the place of the answer in the list. A
   * message that is no answer has none; one whose ancestors are not all there is refused.
   */
  static Map<Integer, Exchanged> linked(List<JsonNode> messages) {
    Map<String, JsonNode> byId = new HashMap<>();
    messages.forEach(m -> byId.putIfAbsent(id(m, ""), m));
    Map<JsonNode, Said> known = new IdentityHashMap<>();
    Map<Integer, Exchanged> found = new HashMap<>();
    for (int i = 0; i < messages.size(); i++) {
      JsonNode node = messages.get(i);
      String key = id(node, String.valueOf(i));
      try {
        Message message = said(node, known).message();
        if (message.role() == Role.ASSISTANT && parent(node) != null) {
          found.put(i, answer(key, message, path(node, byId, known)));
        }
      } catch (Unusable e) {
        Message nothing = Message.of(Role.ASSISTANT, "");
        Conversation nobody = new Conversation(List.of());
        found.put(i, new Exchanged(1, key, nobody, nothing, List.of(), e.refusal()));
      }
    }
    return found;
  }

  private static Said said(JsonNode node, Map<JsonNode, Said> known) throws Unusable {
    Said said = known.get(node);
    if (said == null) {
      said = said(node, new MessageReader());
      known.put(node, said);
    }
    return said;
  }

  /** The messages that one goes back to, the first of the conversation first. */
  private static List<Said> path(
      JsonNode message, Map<String, JsonNode> byId, Map<JsonNode, Said> known) throws Unusable {
    LinkedList<Said> path = new LinkedList<>();
    for (String parent = parent(message); parent != null; ) {
      JsonNode ancestor = byId.get(parent);
      if (ancestor == null) {
        throw new Unusable(
            "PARENT_MISSING",
            path.isEmpty()
                ? "the message that it answers is not there"
                : "of the messages before it, the one %d steps back is not there"
                    .formatted(path.size() + 1));
      }
      if (path.size() == DEEPEST) {
        throw new Unusable(
            "HISTORY_TOO_LONG",
            "more than %d messages stand before it, or one answers itself".formatted(DEEPEST));
      }
      path.addFirst(said(ancestor, known));
      parent = parent(ancestor);
    }
    return List.copyOf(path);
  }

  /** The conversation that a record belongs to, by its own words, or null. */
  static String key(LogFormat format, JsonNode record) {
    for (String field :
        List.of(
            "conversation_id",
            "message_tree_id",
            "conversation_hash",
            "session_id",
            "sessionId",
            "trace_id",
            "traceId",
            "thread_id",
            "id",
            "requestId")) {
      JsonNode value = record.path(field);
      if (value.isIntegralNumber() || value.isTextual() && !value.textValue().isBlank()) {
        return value.asText();
      }
    }
    return format == LogFormat.OASST_MESSAGES ? null : id(record, null);
  }
}
