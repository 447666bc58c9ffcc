package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;

/** Reads conversations of the public chat formats. */
final class Conversation {
  private static final int DEEPEST = 500;

  private Conversation() {}

  /** A message, whatever its format calls the parts. */
  private record Message(String role, String content, JsonNode source) {}

  /** OpenAI: roles system, user, assistant, tool; content is text or a list of parts. */
  static List<Exchanged> openAi(JsonNode record) {
    JsonNode list =
        record.has("messages") ? record.get("messages") : record.at("/request/messages");
    List<Message> messages = new ArrayList<>();
    list.forEach(m -> messages.add(new Message(m.path("role").asText(""), content(m), m)));
    JsonNode answer = record.at("/response/choices/0/message");
    if (answer.isObject()) {
      messages.add(new Message("assistant", content(answer), answer));
    }
    return exchanges(messages);
  }

  /** ShareGPT: from is human or user, gpt, chatgpt, bard or assistant, system, tool. */
  static List<Exchanged> shareGpt(JsonNode record) {
    List<Message> messages = new ArrayList<>();
    record
        .path("conversations")
        .forEach(
            m -> {
              String from = m.path("from").asText("");
              String role =
                  switch (from) {
                    case "human", "user" -> "user";
                    case "system", "tool" -> from;
                    default -> "assistant";
                  };
              messages.add(new Message(role, m.path("value").asText(null), m));
            });
    return exchanges(messages);
  }

  private static String content(JsonNode message) {
    JsonNode content = message.path("content");
    if (content.isTextual()) {
      return content.textValue();
    }
    List<String> parts = new ArrayList<>();
    content.forEach(
        part -> {
          if (part.path("text").isTextual()) {
            parts.add(part.get("text").textValue());
          }
        });
    return parts.isEmpty() ? null : String.join("\n", parts);
  }

  /** What the user wrote last, and what the assistant wrote until the user wrote again. */
  private static List<Exchanged> exchanges(List<Message> messages) {
    List<Exchanged> found = new ArrayList<>();
    List<String[]> history = new ArrayList<>();
    List<String> prompt = new ArrayList<>();
    List<String> answer = new ArrayList<>();
    Map<String, String[]> calls = new LinkedHashMap<>();
    for (int i = 0; i <= messages.size(); i++) {
      Message message = i < messages.size() ? messages.get(i) : null;
      boolean ends = message == null || message.role().equals("user");
      if (ends && !prompt.isEmpty() && !answer.isEmpty()) {
        String asked = String.join("\n\n", prompt);
        String answered = String.join("\n\n", answer);
        int turn = found.size() + 1;
        found.add(
            new Exchanged(
                turn,
                String.valueOf(turn),
                asked,
                answered,
                List.copyOf(history),
                List.copyOf(calls.values()),
                List.of()));
        history.add(new String[] {"user", asked});
        history.add(new String[] {"assistant", answered});
        prompt.clear();
        answer.clear();
        calls.clear();
      }
      if (message == null) {
        break;
      }
      switch (message.role()) {
        case "user" -> {
          if (message.content() != null) {
            prompt.add(message.content());
          }
        }
        case "assistant" -> {
          if (message.content() != null && !message.content().isBlank()) {
            answer.add(message.content());
          }
          call(message.source(), calls);
        }
        case "tool" -> {
          String id = message.source().path("tool_call_id").asText("");
          calls.computeIfAbsent(id, any -> new String[] {id, null, null})[2] = message.content();
        }
        default -> {
          if (message.content() != null) {
            history.add(new String[] {message.role(), message.content()});
          }
        }
      }
    }
    return found;
  }

  private static void call(JsonNode message, Map<String, String[]> calls) {
    message
        .path("tool_calls")
        .forEach(
            call ->
                calls.put(
                    call.path("id").asText(String.valueOf(calls.size())),
                    new String[] {
                      call.at("/function/name").asText(null),
                      LogRecord.asText(call.at("/function/arguments")),
                      null
                    }));
  }

  /** OpenAssistant: every assistant message answers its parent. */
  static List<Exchanged> tree(JsonNode record) {
    JsonNode root = record.path("prompt").isObject() ? record.get("prompt") : record;
    List<Exchanged> found = new ArrayList<>();
    walk(root, List.of(), found);
    return found;
  }

  private static void walk(JsonNode message, List<Message> path, List<Exchanged> found) {
    if (path.size() >= DEEPEST) {
      return;
    }
    Message said = said(message);
    if (said.role().equals("assistant") && !path.isEmpty()) {
      found.add(answer(id(message, String.valueOf(found.size())), said.content(), path));
    }
    List<Message> here = new ArrayList<>(path);
    here.add(said);
    message.path("replies").forEach(reply -> walk(reply, here, found));
  }

  private static Exchanged answer(String key, String text, List<Message> path) {
    int last = path.size() - 1;
    int turn = (int) path.stream().filter(m -> m.role().equals("user")).count();
    return new Exchanged(
        Math.max(1, turn),
        key,
        path.get(last).content(),
        text,
        path.subList(0, last).stream().map(m -> new String[] {m.role(), m.content()}).toList(),
        List.of(),
        path.stream().map(Message::source).toList());
  }

  /** A message of a tree: each may be of somebody else. */
  private static Message said(JsonNode message) {
    return new Message(role(message), message.path("text").asText(""), message);
  }

  private static String role(JsonNode message) {
    String role = message.path("role").asText("");
    return role.equals("prompter") ? "user" : role;
  }

  private static String id(JsonNode message, String otherwise) {
    for (String field : List.of("message_id", "user_message_id", "id")) {
      if (message.path(field).isTextual()) {
        return message.get(field).textValue();
      }
    }
    return otherwise;
  }

  /** The message that one answers; one without an id is nobody's parent. */
  private static JsonNode parent(JsonNode message, Map<String, JsonNode> byId) {
    for (String field : List.of("parent_id", "parent_message_id")) {
      String parent = message.path(field).asText("");
      if (message.path(field).isTextual() && !parent.isEmpty()) {
        return byId.get(parent);
      }
    }
    return null;
  }

  /**
   * Exchanges of messages that name their parents, by the place of the answer in the list. A
   * message that is no answer has none; nor has one whose ancestors are not all there.
   */
  static Map<Integer, Exchanged> linked(List<JsonNode> messages) {
    Map<String, JsonNode> byId = new HashMap<>();
    messages.forEach(m -> byId.putIfAbsent(id(m, ""), m));
    Map<Integer, Exchanged> found = new HashMap<>();
    for (int i = 0; i < messages.size(); i++) {
      JsonNode message = messages.get(i);
      List<Message> path = path(message, byId);
      if (role(message).equals("assistant") && !path.isEmpty()) {
        found.put(i, answer(id(message, String.valueOf(i)), message.path("text").asText(""), path));
      }
    }
    return found;
  }

  /** The messages that one goes back to, the first of the conversation first. */
  private static List<Message> path(JsonNode message, Map<String, JsonNode> byId) {
    LinkedList<Message> path = new LinkedList<>();
    JsonNode ancestor = parent(message, byId);
    while (ancestor != null && path.size() < DEEPEST) {
      path.addFirst(said(ancestor));
      ancestor = parent(ancestor, byId);
    }
    return List.copyOf(path);
  }

  /** The conversation that a record belongs to, by its own words, or null. */
  static String key(LogFormat format, JsonNode record) {
    for (String field : List.of("conversation_id", "message_tree_id", "id")) {
      JsonNode value = record.path(field);
      if (value.isTextual() || value.isIntegralNumber()) {
        return value.asText();
      }
    }
    return format == LogFormat.OASST_MESSAGES ? null : id(record, null);
  }
}
