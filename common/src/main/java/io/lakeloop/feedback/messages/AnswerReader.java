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
 * Reads what a model answered: a response of OpenAI's (chat, responses, completions, whole or in
 * chunks), Anthropic's, Bedrock's or Gemini's API, the outputs of a trace, a message, or a text.
 */
public final class AnswerReader {
  /** Fields that hold a text alone. */
  private static final List<String> TEXTS =
      List.of(
          "completion",
          "generation",
          "generated_text",
          "outputText",
          "output_text",
          "answer",
          "text",
          "response",
          "output");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ASSISTANT = Role.ASSISTANT.label();

  private final MessageReader reader;

  public AnswerReader(MessageReader reader) {
    this.reader = reader;
  }

  /**
   * The answers beside one another, each as the messages that lead to it, its text last; several
   * where a response has choices, none where it has none.
   */
  public List<List<Message>> read(JsonNode response) throws Unusable {
    if (response.isTextual()) {
      JsonNode written = written(response.textValue());
      return written == null
          ? List.of(List.of(Message.of(Role.ASSISTANT, response.textValue())))
          : read(written);
    } else if (response.isArray()) {
      return list(response);
    } else if (response.path("body").isObject()) {
      return read(response.get("body"));
    }
    for (String field : List.of("choices", "candidates", "generations", "results")) {
      if (response.path(field).isArray()) {
        return choices(response.get(field));
      }
    }
    for (String field : List.of("message", "outputs", "output", "messages")) {
      if (response.path(field).isContainerNode()) {
        return read(response.get(field));
      }
    }
    boolean isMessage = response.has("content") || response.has("role");
    if (isMessage || response.path("kwargs").isObject()) {
      return List.of(reader.messages(response, ASSISTANT));
    }
    for (String field : TEXTS) {
      if (response.path(field).isTextual()) {
        return read(response.get(field));
      }
    }
    return List.of();
  }

  /** A response that is written as a text; an answer that is JSON of its own stays text. */
  private static JsonNode written(String text) {
    if (!text.startsWith("{\"") && !text.startsWith("[{\"")) {
      return null;
    }
    try {
      JsonNode node = JSON.readTree(text);
      JsonNode first = node.isArray() ? node.path(0) : node;
      boolean known =
          first.path("choices").isArray() || (first.has("role") && first.has("content"));
      return known ? node : null;
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  private List<List<Message>> choices(JsonNode choices) throws Unusable {
    List<List<Message>> answers = new ArrayList<>();
    for (JsonNode choice : choices) {
      if (choice.isArray()) {
        answers.addAll(choices(choice));
      } else if (choice.path("content").isObject()) {
        // Gemini's candidates.
        answers.add(reader.messages(choice.get("content"), ASSISTANT));
      } else {
        answers.addAll(read(choice));
      }
    }
    return answers;
  }

  /** Chunks of a stream, or the messages and other items of one answer. */
  private List<List<Message>> list(JsonNode items) throws Unusable {
    String streamed = streamed(items);
    if (streamed != null) {
      return List.of(List.of(Message.of(Role.ASSISTANT, streamed)));
    }
    List<Message> answer = new ArrayList<>();
    for (JsonNode item : items) {
      if (item.isTextual()) {
        answer.add(Message.of(Role.ASSISTANT, item.textValue()));
      } else if (item.has("text") && !item.has("role") && !item.has("type")) {
        answer.add(Message.of(Role.ASSISTANT, item.path("text").asText()));
      } else {
        answer.addAll(reader.item(item, ASSISTANT));
      }
    }
    return answer.isEmpty() ? List.of() : List.of(answer);
  }

  /** The text of the chunks, or null where they are none. */
  private static String streamed(JsonNode items) {
    StringBuilder text = new StringBuilder();
    boolean any = false;
    for (JsonNode chunk : items) {
      for (String place :
          List.of(
              "/choices/0/delta/content",
              "/delta/text",
              "/contentBlockDelta/delta/text",
              "/choices/0/text")) {
        if (chunk.at(place).isTextual()) {
          text.append(chunk.at(place).textValue());
          any = true;
        }
      }
    }
    return any ? text.toString() : null;
  }
}
