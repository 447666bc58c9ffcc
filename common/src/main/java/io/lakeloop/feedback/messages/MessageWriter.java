package io.lakeloop.feedback.messages;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.chat.ToolCall;

/** Writes conversations as OpenAI's messages; {@link RequestReader} reads them back the same. */
public final class MessageWriter {
  private static final ObjectMapper JSON = new ObjectMapper();

  private MessageWriter() {}

  /** The messages; functions on offer stand beside them and are not among them. */
  public static ArrayNode messages(Conversation conversation) {
    ArrayNode list = JSON.createArrayNode();
    conversation.messages().stream()
        .filter(message -> message.role() != Role.TOOLS)
        .forEach(message -> list.add(message(message)));
    return list;
  }

  /** One message of the assistant's. */
  public static ArrayNode answer(String text) {
    return messages(new Conversation(java.util.List.of(Message.of(Role.ASSISTANT, text))));
  }

  /** Puts the functions on offer, if there are any, into the field {@code tools}. */
  public static void putTools(ObjectNode record, Conversation conversation) {
    conversation.messages().stream()
        .filter(message -> message.role() == Role.TOOLS)
        .forEach(message -> record.put("tools", message.content()));
  }

  private static ObjectNode message(Message message) {
    ObjectNode node = JSON.createObjectNode();
    node.put("role", message.role().label());
    node.put("content", message.content());
    if (message.name() != null) {
      node.put("name", message.name());
    }
    if (message.callId() != null) {
      node.put("tool_call_id", message.callId());
    }
    if (message.weight() == 0) {
      node.put("weight", 0);
    }
    for (ToolCall call : message.calls()) {
      ObjectNode written = node.withArray("/tool_calls").addObject();
      written.put("id", call.id()).put("type", "function");
      written.putObject("function").put("name", call.name()).put("arguments", call.arguments());
    }
    return node;
  }
}
