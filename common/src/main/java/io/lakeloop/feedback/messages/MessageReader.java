package io.lakeloop.feedback.messages;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.chat.ToolCall;
import io.lakeloop.feedback.Unusable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads messages in the forms of OpenAI, Anthropic, Bedrock, Gemini, LangChain, OpenTelemetry and
 * ShareGPT, whose parts have names of their own and don't contradict each other. What cannot be a
 * text leaves a placeholder in its place, as {@code <image>}, and a word in the message's parts.
 * One per record.
 */
public final class MessageReader {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Fields in which a message's text, or its parts, may stand. */
  private static final List<String> CONTENTS = List.of("content", "value", "parts", "text");

  /** Found before the message that they belong to. */
  private final Set<String> ahead = new TreeSet<>();

  /** A message in the making. */
  private static final class Draft {
    private final List<String> texts = new ArrayList<>();
    private final List<ToolCall> calls = new ArrayList<>();
    private final List<Message> results = new ArrayList<>();
    private final Set<String> parts = new TreeSet<>();

    /** Parts of an answer go on where the last one ended; those of others are things apart. */
    String text(Role role) {
      // Large texts are shared by all that answer them.
      return texts.size() == 1
          ? texts.get(0)
          : String.join(role == Role.ASSISTANT ? "" : "\n", texts);
    }
  }

  /**
   * Reads a list of messages.
   *
   * @throws Unusable where one of them has a role, part or weight that is not known
   */
  public List<Message> list(JsonNode list) throws Unusable {
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : list) {
      messages.addAll(messages(message, ""));
    }
    return messages;
  }

  /** The text of a field that may be parts, too. */
  public String text(JsonNode content) throws Unusable {
    Draft draft = new Draft();
    add(content, draft);
    return draft.text(Role.SYSTEM);
  }

  /**
   * What an item of OpenAI's Responses API says: a message, or one of the things that stand beside
   * messages there.
   *
   * @param otherwise the role of a message that names none, or empty where each must
   */
  public List<Message> item(JsonNode item, String otherwise) throws Unusable {
    String type = item.has("role") ? "message" : item.path("type").asText("message");
    return switch (type) {
      case "function_call", "custom_tool_call", "mcp_call" ->
          List.of(new Message(Role.ASSISTANT, "", null, List.of(call(item)), null, 1));
      case "function_call_output", "custom_tool_call_output" -> List.of(result(item));
      case "reasoning" -> {
        ahead.add("reasoning");
        yield List.of();
      }
      case "web_search_call",
          "file_search_call",
          "code_interpreter_call",
          "computer_call",
          "image_generation_call",
          "local_shell_call",
          "mcp_list_tools",
          "mcp_approval_request" ->
          List.of(
              new Message(
                  Role.ASSISTANT,
                  "",
                  null,
                  List.of(new ToolCall(text(item, "id"), type, asText(item.path("action")))),
                  null,
                  1));
      case "item_reference" ->
          throw new Unusable("MISSING_HISTORY", "it refers to an item that another response holds");
      default -> messages(item, otherwise);
    };
  }

  /**
   * What one element of a list says: more than one message where it holds results of tools.
   *
   * @param otherwise the role of a message that names none, or empty where each must
   */
  public List<Message> messages(JsonNode node, String otherwise) throws Unusable {
    JsonNode message = unwrapped(node);
    if (!message.isObject()) {
      throw new Unusable("WRONG_TYPE", "a message must be an object with role and content");
    }
    String named = roleName(message);
    String name = named.isEmpty() ? otherwise : named;
    if (Roles.isCall(name)) {
      return List.of(
          new Message(
              Role.ASSISTANT, "", null, calls(parsed(content(message))), null, weight(message)));
    }
    Role role = Roles.of(name);
    Draft draft = new Draft();
    draft.parts.addAll(ahead);
    ahead.clear();
    add(content(message), draft);
    calls(message, draft);
    if (message.path("refusal").isTextual()) {
      draft.parts.add("refusal");
      draft.texts.add(message.get("refusal").textValue());
    }
    if (isText(message.path("reasoning_content")) || isText(message.path("reasoning"))) {
      draft.parts.add("reasoning");
    }
    if (message.path("audio").isObject()) {
      placed("audio", draft);
    }
    return put(role, message, draft);
  }

  private List<Message> put(Role role, JsonNode message, Draft draft) throws Unusable {
    List<Message> read = new ArrayList<>(draft.results);
    boolean onlyResults = !read.isEmpty() && draft.texts.isEmpty() && draft.calls.isEmpty();
    if (!onlyResults) {
      String callId = role == Role.TOOL ? text(message, "tool_call_id", "call_id", "id") : null;
      read.add(
          new Message(
              role,
              draft.text(role),
              role == Role.USER || role == Role.ASSISTANT ? null : text(message, "name"),
              draft.calls,
              callId,
              weight(message),
              List.copyOf(draft.parts)));
    }
    return read;
  }

  /** LangChain's serialised form keeps all below kwargs; OpenAI's output has message beside it. */
  private static JsonNode unwrapped(JsonNode node) {
    if (node.path("kwargs").isObject()) {
      ObjectNode kwargs = node.get("kwargs").deepCopy();
      String type = node.path("id").path(node.path("id").size() - 1).asText();
      return kwargs.has("type") || kwargs.has("role")
          ? kwargs
          : kwargs.put("type", type.replaceFirst("Message(Chunk)?$", ""));
    }
    if (!node.has("role") && node.path("data").isObject() && node.path("type").isTextual()) {
      return ((ObjectNode) node.get("data").deepCopy()).put("type", node.get("type").textValue());
    }
    return node;
  }

  private static String roleName(JsonNode message) {
    for (String field : List.of("role", "from", "type", "speaker")) {
      if (message.path(field).isTextual()) {
        return message.get(field).textValue();
      }
    }
    return message.at("/author/role").asText("");
  }

  private static JsonNode content(JsonNode message) {
    for (String field : CONTENTS) {
      if (message.hasNonNull(field)) {
        return message.get(field);
      }
    }
    if (message.path("message").isTextual()) {
      return message.get("message");
    }
    return MissingNode.getInstance();
  }

  private void add(JsonNode content, Draft draft) throws Unusable {
    if (content.isTextual()) {
      draft.texts.add(content.textValue());
    } else if (content.isArray()) {
      for (JsonNode part : content) {
        part(part, draft);
      }
    } else if (content.path("parts").isArray()) {
      add(content.get("parts"), draft);
    } else if (content.isObject()) {
      part(content, draft);
    } else if (content.isValueNode() && !content.isNull()) {
      draft.texts.add(content.asText());
    }
  }

  private void part(JsonNode part, Draft draft) throws Unusable {
    if (part.isTextual()) {
      draft.texts.add(part.textValue());
      return;
    }
    String type = type(part);
    switch (type) {
      case "text", "input_text", "output_text", "summary_text", "markdown" ->
          add(part.hasNonNull("text") ? part.get("text") : part.path("content"), draft);
      case "refusal" -> {
        draft.parts.add("refusal");
        draft.texts.add(part.path("refusal").asText(part.path("text").asText("")));
      }
      case "thinking", "redacted_thinking", "reasoning", "reasoningcontent", "thought" ->
          draft.parts.add("reasoning");
      case "image", "image_url", "input_image", "output_image", "image_file" ->
          placed("image", draft);
      case "audio", "input_audio", "output_audio", "audio_url" -> placed("audio", draft);
      case "video", "video_url", "input_video" -> placed("video", draft);
      case "file", "input_file", "document", "blob", "uri", "inlinedata", "filedata" ->
          placed(media(part), draft);
      case "tool_use", "tooluse", "functioncall", "function_call", "tool_call" ->
          draft.calls.add(
              call(part.path(wrapper(part)).isObject() ? part.get(wrapper(part)) : part));
      case "tool_result",
          "toolresult",
          "functionresponse",
          "tool_call_response",
          "function_call_output" ->
          draft.results.add(
              result(part.path(wrapper(part)).isObject() ? part.get(wrapper(part)) : part));
      case "cachepoint", "cache_control" -> {}
      default ->
          throw new Unusable(
              "UNKNOWN_PART", "a part of the type " + Roles.shown(type) + " is not known");
    }
  }

  /** The type that a part names, or the one field that says what it is. */
  private static String type(JsonNode part) {
    if (part.path("type").isTextual()) {
      return part.get("type").textValue().toLowerCase(java.util.Locale.ROOT);
    }
    if (part.path("thought").asBoolean(false)) {
      return "thought";
    }
    String wrapper = wrapper(part);
    return wrapper.isEmpty() ? "" : wrapper.toLowerCase(java.util.Locale.ROOT);
  }

  /** The field that holds all of an untyped part, as Bedrock and Gemini write it. */
  private static String wrapper(JsonNode part) {
    for (String field :
        List.of(
            "text",
            "toolUse",
            "toolResult",
            "functionCall",
            "functionResponse",
            "inlineData",
            "fileData",
            "image",
            "video",
            "audio",
            "document",
            "reasoningContent",
            "cachePoint",
            "image_url")) {
      if (part.has(field)) {
        return field;
      }
    }
    return "";
  }

  /** By the media type that a part names. */
  private static String media(JsonNode part) {
    String type =
        part.findPath("mimeType")
            .asText(part.findPath("mime_type").asText(""))
            .replaceFirst("/.*", "");
    return Set.of("image", "audio", "video").contains(type) ? type : "file";
  }

  private void placed(String kind, Draft draft) {
    draft.parts.add(kind);
    draft.texts.add("<" + kind + ">");
  }

  private void calls(JsonNode message, Draft draft) throws Unusable {
    for (String field : List.of("tool_calls", "calls")) {
      for (JsonNode call : message.path(field)) {
        draft.calls.add(call(call));
      }
    }
    if (message.hasNonNull("content") && message.path("parts").isArray()) {
      // Our own tables keep what was no text beside the placeholders.
      message.get("parts").forEach(part -> draft.parts.add(part.asText()));
    }
    if (message.path("function_call").isObject()) {
      draft.calls.add(call(message.get("function_call")));
    }
  }

  /** The calls of a turn whose text is JSON: an object or a list of them; other text is kept. */
  private static List<ToolCall> calls(JsonNode value) {
    List<ToolCall> calls = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(call -> calls.add(call(call)));
    } else {
      calls.add(call(value));
    }
    return calls;
  }

  private static ToolCall call(JsonNode node) {
    JsonNode call = node.path("function").isObject() ? node.get("function") : node;
    if (!call.isObject()) {
      return new ToolCall(null, null, asText(call));
    }
    for (String field : List.of("arguments", "input", "args", "parameters")) {
      if (call.hasNonNull(field)) {
        return new ToolCall(id(node), text(call, "name"), asText(call.get(field)));
      }
    }
    return new ToolCall(id(node), text(call, "name"), null);
  }

  private static String id(JsonNode node) {
    return text(node, "call_id", "id", "toolUseId", "tool_call_id");
  }

  private Message result(JsonNode node) throws Unusable {
    Draft draft = new Draft();
    JsonNode content = MissingNode.getInstance();
    for (String field : List.of("content", "output", "response", "result")) {
      if (node.hasNonNull(field)) {
        content = node.get(field);
        break;
      }
    }
    if (content.isArray()) {
      for (JsonNode part : content) {
        if (part.has("json")) {
          draft.texts.add(part.get("json").toString());
        } else {
          part(part, draft);
        }
      }
    } else if (!content.isMissingNode()) {
      draft.texts.add(asText(content));
    }
    String call = text(node, "tool_use_id", "toolUseId", "call_id", "id");
    return new Message(Role.TOOL, draft.text(Role.TOOL), text(node, "name"), List.of(), call, 1);
  }

  /** 0 where a message is marked as not to be learned, else 1. */
  private static int weight(JsonNode message) throws Unusable {
    for (String field : List.of("weight", "loss_weight", "train", "loss", "trainable")) {
      JsonNode weight = message.path(field);
      if (weight.isBoolean()) {
        return weight.booleanValue() ? 1 : 0;
      } else if (weight.isNumber()) {
        return weight.doubleValue() == 0 ? 0 : 1;
      } else if (!weight.isMissingNode() && !weight.isNull()) {
        throw new Unusable("WRONG_TYPE", field + " of a message must be a number, true or false");
      }
    }
    return 1;
  }

  private static JsonNode parsed(JsonNode value) {
    if (!value.isTextual()) {
      return value;
    }
    try {
      JsonNode parsed = JSON.readTree(value.textValue());
      return parsed.isContainerNode() ? parsed : value;
    } catch (JsonProcessingException e) {
      return TextNode.valueOf(value.textValue());
    }
  }

  private static boolean isText(JsonNode node) {
    return node.isTextual() && !node.textValue().isBlank();
  }

  private static String text(JsonNode node, String... fields) {
    for (String field : fields) {
      if (node.path(field).isTextual() || node.path(field).isNumber()) {
        return node.get(field).asText();
      }
    }
    return null;
  }

  /** Text as it is, other values as JSON. */
  private static String asText(JsonNode node) {
    return node.isTextual() ? node.textValue() : node.isMissingNode() ? "" : node.toString();
  }
}
