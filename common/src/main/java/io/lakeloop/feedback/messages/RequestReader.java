package io.lakeloop.feedback.messages;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.feedback.Unusable;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what a model was asked: a request of OpenAI's (chat, responses, completions), Anthropic's,
 * Bedrock's or Gemini's API, the inputs of a trace, a list of messages, or a text.
 */
public final class RequestReader {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Where the messages, or the text, of a request stand; the first that is there counts. */
  private static final List<String> INPUTS =
      List.of(
          "messages",
          "conversations",
          "conversation",
          "dialog",
          "items",
          "contents",
          "input",
          "inputs",
          "prompt",
          "inputText",
          "question",
          "instruction",
          "query");

  private static final List<String> SYSTEMS =
      List.of("system", "instructions", "systemInstruction", "system_instruction", "system_prompt");

  private final MessageReader reader;

  public RequestReader(MessageReader reader) {
    this.reader = reader;
  }

  /** Instructions, functions on offer and messages, in this order; empty where there are none. */
  public List<Message> read(JsonNode request) throws Unusable {
    if (request.isTextual()) {
      return text(request.textValue());
    } else if (request.isArray()) {
      return messages(request, "");
    } else if (request.path("body").isObject()) {
      return read(request.get("body"));
    } else if (isMessage(request)) {
      return reader.messages(request, "");
    }
    List<Message> read = new ArrayList<>(instructions(request));
    for (String field : INPUTS) {
      if (request.hasNonNull(field)) {
        read.addAll(
            field.equals("contents") && request.get(field).isArray()
                ? messages(request.get(field), "user")
                : read(request.get(field)));
        break;
      }
    }
    return read;
  }

  /** Whether the messages end in the prompt that stands beside them: then they say all of it. */
  public boolean saysMore(JsonNode record) {
    JsonNode messages = record.path("messages");
    JsonNode last = messages.path(messages.size() - 1);
    return messages.isArray()
        && last.path("role").isTextual()
        && (last.path("content").equals(record.path("prompt"))
            || last.get("role").asText().equals("tool"));
  }

  private static boolean isMessage(JsonNode node) {
    return node.path("kwargs").isObject()
        || (node.has("role") || node.has("from")) && !node.has("messages");
  }

  /** The system's words and the functions on offer that stand beside the messages. */
  public List<Message> instructions(JsonNode request) throws Unusable {
    List<Message> before = new ArrayList<>();
    for (String field : SYSTEMS) {
      String system = reader.text(request.path(field));
      if (!system.isBlank()) {
        before.add(Message.of(Role.SYSTEM, system));
      }
    }
    for (String field : List.of("tools", "functions")) {
      JsonNode tools = request.path(field);
      String listed = tools.isTextual() ? tools.textValue() : tools.toString();
      boolean some =
          tools.isTextual() ? !listed.isBlank() && !listed.equals("[]") : !tools.isEmpty();
      if (some) {
        before.add(Message.of(Role.TOOLS, listed));
      }
    }
    return before;
  }

  /** A text, or a list of messages that is written as one. */
  private List<Message> text(String text) throws Unusable {
    String start = text.stripLeading();
    if (start.startsWith("[{") || start.startsWith("{\"")) {
      try {
        JsonNode node = JSON.readTree(text);
        if (node.path(0).has("role") || node.has("messages")) {
          return read(node);
        }
      } catch (JsonProcessingException e) {
        return List.of(Message.of(Role.USER, text));
      }
    }
    return text.isBlank() ? List.of() : List.of(Message.of(Role.USER, text));
  }

  /** Items of OpenAI's responses that are no messages stand among them; lists may be nested. */
  private List<Message> messages(JsonNode list, String otherwise) throws Unusable {
    List<Message> read = new ArrayList<>();
    for (JsonNode item : list) {
      if (item.isArray()) {
        read.addAll(messages(item, otherwise));
      } else if (item.isTextual()) {
        read.addAll(text(item.textValue()));
      } else {
        read.addAll(reader.item(item, otherwise));
      }
    }
    return read;
  }
}
