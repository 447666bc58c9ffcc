package io.lakeloop.lm.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.chat.ToolCall;
import io.lakeloop.chat.jinja.Template;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A conversation as the variables that chat templates read: {@code messages}, {@code tools} and
 * {@code documents}, in the form of <a
 * href="https://huggingface.co/docs/transformers/chat_templating">transformers</a>.
 *
 * <p>Nothing is lost where a template reads no tools or documents: tools are laid into the system
 * message as {@code Tools: JSON}, documents before the last text of a user as {@code Document:
 * TITLE}, a line break and their text.
 */
final class ConversationData {
  /** What is more than one value, or has a name twice, is a text. */
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  private final List<Map<String, Object>> messages = new ArrayList<>();
  private final List<Object> tools = new ArrayList<>();
  private final List<Object> documents = new ArrayList<>();
  private final List<String> toolTexts = new ArrayList<>();
  private boolean toolsAreJson = true;

  ConversationData(Conversation conversation) {
    conversation.messages().forEach(this::add);
  }

  boolean offersTools() {
    return !toolTexts.isEmpty();
  }

  /** All texts in it, those within JSON as what they stand for. */
  List<String> texts() {
    List<String> texts = new ArrayList<>(toolTexts);
    collect(messages, texts);
    collect(tools, texts);
    collect(documents, texts);
    return texts;
  }

  /** The variables for this template. */
  Map<String, Object> variables(Template template) {
    boolean toolsAreRead = template.mentions("tools") && toolsAreJson;
    boolean documentsAreRead = template.mentions("documents");
    if (!toolsAreRead && offersTools()) {
      laySystem("Tools: " + String.join("\n", toolTexts));
    }
    if (!documentsAreRead && !documents.isEmpty()) {
      layDocuments();
    }
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("messages", messages);
    variables.put("tools", toolsAreRead && offersTools() ? tools : null);
    variables.put("documents", documentsAreRead && !documents.isEmpty() ? documents : null);
    return variables;
  }

  private void add(Message message) {
    switch (message.role()) {
      case TOOLS -> addTools(message.content());
      case DOCUMENT -> {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("title", message.name() == null ? "" : message.name());
        document.put("text", message.content());
        documents.add(document);
      }
      default -> messages.add(data(message));
    }
  }

  private void addTools(String content) {
    Object offered = parsed(content);
    if (offered instanceof List<?> list) {
      tools.addAll(list);
    } else if (offered instanceof Map) {
      tools.add(offered);
    } else {
      toolsAreJson = false;
    }
    if (!List.of().equals(offered)) {
      toolTexts.add(content);
    }
  }

  private static Map<String, Object> data(Message message) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("role", message.role().label());
    data.put("content", message.content());
    if (message.name() != null) {
      data.put("name", message.name());
    }
    if (!message.calls().isEmpty()) {
      data.put("tool_calls", message.calls().stream().map(ConversationData::call).toList());
    }
    if (message.callId() != null) {
      data.put("tool_call_id", message.callId());
    }
    return data;
  }

  private static Map<String, Object> call(ToolCall call) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", call.name());
    Object arguments = call.arguments() == null ? Map.of() : parsed(call.arguments());
    function.put("arguments", arguments instanceof Map ? arguments : call.arguments());
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("type", "function");
    if (call.id() != null) {
      data.put("id", call.id());
    }
    data.put("function", function);
    return data;
  }

  private void laySystem(String text) {
    if (!messages.isEmpty() && messages.get(0).get("role").equals(Role.SYSTEM.label())) {
      messages.get(0).merge("content", text, (old, more) -> old + "\n\n" + more);
    } else {
      messages.add(0, data(Message.of(Role.SYSTEM, text)));
    }
  }

  private void layDocuments() {
    StringBuilder text = new StringBuilder();
    for (Object document : documents) {
      Map<?, ?> parts = (Map<?, ?>) document;
      text.append("Document: ").append(parts.get("title")).append('\n');
      text.append(parts.get("text")).append("\n\n");
    }
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (messages.get(i).get("role").equals(Role.USER.label())) {
        messages.get(i).merge("content", text, (old, before) -> before.toString() + old);
        return;
      }
    }
    messages.add(data(Message.of(Role.USER, text.toString().strip())));
  }

  /** The value that a JSON text stands for, or the text itself where it is no JSON. */
  private static Object parsed(String json) {
    try {
      return value(JSON.readTree(json));
    } catch (JsonProcessingException e) {
      return json;
    }
  }

  private static Object value(JsonNode node) {
    if (node.isTextual()) {
      return node.textValue();
    } else if (node.isBoolean()) {
      return node.booleanValue();
    } else if (node.isIntegralNumber()) {
      return node.canConvertToLong() ? (Object) node.longValue() : node.bigIntegerValue();
    } else if (node.isNumber()) {
      return node.doubleValue();
    } else if (node.isArray()) {
      List<Object> items = new ArrayList<>();
      node.forEach(item -> items.add(value(item)));
      return items;
    } else if (node.isObject()) {
      Map<String, Object> entries = new LinkedHashMap<>();
      node.properties().forEach(entry -> entries.put(entry.getKey(), value(entry.getValue())));
      return entries;
    }
    return null;
  }

  /** All texts of a value. */
  private static void collect(Object value, List<String> texts) {
    if (value instanceof String text) {
      texts.add(text);
    } else if (value instanceof List<?> list) {
      list.forEach(item -> collect(item, texts));
    } else if (value instanceof Map<?, ?> map) {
      map.forEach(
          (key, item) -> {
            collect(key, texts);
            collect(item, texts);
          });
    }
  }

  /** The value with each of its texts changed. */
  static Object changed(Object value, UnaryOperator<String> change) {
    if (value instanceof String text) {
      return change.apply(text);
    } else if (value instanceof List<?> list) {
      List<Object> items = new ArrayList<>(list.size());
      list.forEach(item -> items.add(changed(item, change)));
      return items;
    } else if (value instanceof Map<?, ?> map) {
      Map<Object, Object> entries = new LinkedHashMap<>();
      map.forEach((key, item) -> entries.put(changed(key, change), changed(item, change)));
      return entries;
    }
    return value;
  }
}
