package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.chat.Message;
import io.lakeloop.feedback.Unusable;
import io.lakeloop.feedback.messages.AnswerReader;
import io.lakeloop.feedback.messages.Dialogue;
import io.lakeloop.feedback.messages.MessageReader;
import io.lakeloop.feedback.messages.RequestReader;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Forms in which records of conversations come. The order is that in which a record is held against
 * them.
 */
public enum LogFormat {
  /** A tree of messages below {@code prompt}, as OpenAssistant exports it. */
  OASST_TREE("prompt is a message with replies", record -> record.path("prompt").isObject()),
  /** Amazon Bedrock's log of model invocations, Converse or a model's own body. */
  BEDROCK(
      "input.inputBodyJson",
      record -> record.path("input").has("inputBodyJson"),
      "/input/inputBodyJson",
      "/output/outputBodyJson"),
  /** A line of OpenAI's batch output; the prompts are in the batch's input. */
  OPENAI_BATCH(
      "custom_id beside response.body",
      record -> record.has("custom_id") && record.path("response").has("body"),
      "/request",
      "/response"),
  /** A span of OpenTelemetry's conventions for generative AI. */
  OPENTELEMETRY(
      "attributes with gen_ai.input.messages",
      record -> record.path("attributes").has("gen_ai.input.messages"),
      "/attributes/gen_ai.input.messages",
      "/attributes/gen_ai.output.messages") {
    @Override
    JsonNode request(JsonNode record) {
      ObjectNode request = JsonNodeFactory.instance.objectNode();
      request.set("system", record.at("/attributes/gen_ai.system_instructions"));
      request.set("messages", super.request(record));
      return request;
    }
  },
  /** A run of LangSmith's export. */
  LANGSMITH(
      "inputs and outputs",
      record -> record.has("inputs") && record.has("outputs"),
      "/inputs",
      "/outputs"),
  /** OpenAI's Responses API: the response with its input, or request and response. */
  OPENAI_RESPONSES(
      "input and output of the Responses API",
      record ->
          record.path("object").asText().equals("response")
              || record.path("response").path("object").asText().equals("response")
              || (record.path("request").has("input") && record.path("response").has("output")),
      "/request",
      "/response"),
  /** A generation or trace of Langfuse's export. */
  LANGFUSE(
      "input and output",
      record -> record.has("input") && record.has("output"),
      "/input",
      "/output"),
  /** Gemini's and Vertex's contents and candidates. */
  GEMINI(
      "contents",
      record -> record.has("contents") || record.path("request").has("contents"),
      "/request",
      "/response"),
  /** One exchange per record, in the project's own fields. */
  LAKELOOP(
      "prompt and completion",
      record ->
          record.has("completion")
              || (record.has("prompt") && (record.has("conversation_id") || !answered(record)))),
  /** Anthropic's Messages API, request and response. */
  ANTHROPIC(
      "request.messages beside a response of the type message",
      record -> record.path("response").path("type").asText().equals("message"),
      "/request",
      "/response"),
  /**
   * A list {@code messages} with roles and contents, as OpenAI, LiteLLM and most fine-tuning sets
   * have it, alone or in request and response.
   */
  OPENAI_CHAT(
      "messages",
      record ->
          record.has("messages")
              || record.path("request").isContainerNode()
              || (record.has("prompt") && answered(record)),
      "/request",
      "/response") {
    @Override
    JsonNode request(JsonNode record) {
      // LiteLLM's spend logs keep the messages in the request alone.
      JsonNode spent = record.path("proxy_server_request");
      return spent.isMissingNode() || record.path("messages").isArray()
          ? super.request(record)
          : spent;
    }
  },
  /**
   * A list {@code conversations} or {@code conversation} of {@code from} and {@code value} or
   * {@code role} and {@code content}: ShareGPT, WildChat, LMSYS.
   */
  SHAREGPT(
      "conversations",
      record ->
          record.has("conversations")
              || record.path("conversation").isArray()
              || record.path("items").path(0).has("from"),
      "",
      "/none"),
  /** A row of a table with a prompt and a completion. */
  TABLE("columns prompt and completion", record -> false),
  /** One message per record, which names its parent or holds its replies. */
  OASST_MESSAGES("text and role", record -> record.has("text") && record.has("role"));

  private final String sign;
  private final Predicate<JsonNode> fits;
  private final String request;
  private final String response;

  LogFormat(String sign, Predicate<JsonNode> fits) {
    this(sign, fits, "", "");
  }

  LogFormat(String sign, Predicate<JsonNode> fits, String request, String response) {
    this.sign = sign;
    this.fits = fits;
    this.request = request;
    this.response = response;
  }

  /** Tells by the record's fields; what looks like none of them is held for our own. */
  public static LogFormat of(JsonNode record) {
    return Arrays.stream(values())
        .filter(format -> format.fits.test(record))
        .findFirst()
        .orElse(LAKELOOP);
  }

  /** The name in the settings. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The fields by which a record is told. */
  public String sign() {
    return sign;
  }

  /** True if the record has the fields of any form. */
  static boolean knows(JsonNode record) {
    return Arrays.stream(values()).anyMatch(format -> format.fits.test(record));
  }

  /** True if what a record says cannot be told without the records beside it. */
  boolean needsOthers(JsonNode record) {
    return this == OASST_MESSAGES && !record.path("replies").isArray();
  }

  /** True where each message has an author of its own and may have several answers. */
  boolean isTree() {
    return this == OASST_TREE || this == OASST_MESSAGES;
  }

  private static boolean answered(JsonNode record) {
    return record.has("response") || record.has("choices") || record.has("answer");
  }

  /** What was asked; the record itself where it has no request apart. */
  JsonNode request(JsonNode record) {
    JsonNode apart = record.at(request);
    return apart.isContainerNode() || apart.isTextual() ? apart : record;
  }

  /** What was answered; the record itself, if it may hold it, where it has no response apart. */
  JsonNode response(JsonNode record) {
    JsonNode apart = record.at(response);
    if (!apart.isMissingNode() && !apart.isNull()) {
      return apart;
    }
    return record.has("choices") || this == OPENAI_RESPONSES || record.has("candidates")
        ? record
        : MissingNode.getInstance();
  }

  /**
   * What the record says.
   *
   * @throws Unusable where it holds what cannot be read
   */
  Dialogue dialogue(JsonNode record, MessageReader reader) throws Unusable {
    for (JsonNode part : List.of(request(record), response(record))) {
      if (part.hasNonNull("previous_response_id")) {
        throw new Unusable(
            "MISSING_HISTORY",
            "it goes on from previous_response_id, which holds what was said before: log the whole"
                + " input");
      }
    }
    List<Message> asked = new RequestReader(reader).read(request(record));
    List<List<Message>> answers = new AnswerReader(reader).read(response(record));
    if (this == OPENAI_BATCH && asked.isEmpty()) {
      throw new Unusable(
          "NO_PROMPT",
          "a line of batch output has no prompt: join it with the batch's input by custom_id, as"
              + " {\"request\": body, \"response\": response.body}");
    }
    if (asked.isEmpty() && !answers.isEmpty()) {
      throw new Unusable("NO_PROMPT", "it has an answer, but nothing that was asked");
    }
    return new Dialogue(asked, answers);
  }
}
