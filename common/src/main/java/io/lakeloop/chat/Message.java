package io.lakeloop.chat;

import java.io.Serializable;
import java.util.List;

/**
 * One message of a conversation.
 *
 * @param content its text; empty, never null, where it is made of calls alone
 * @param name of the tool, document or speaker, or null
 * @param calls that an assistant's message asks for
 * @param callId the call that a tool's message answers, or null
 * @param weight 0 where an assistant's message is context that must not be learned, else 1
 */
public record Message(
    Role role, String content, String name, List<ToolCall> calls, String callId, int weight)
    implements Serializable {

  public Message {
    calls = List.copyOf(calls);
  }

  /** A message that is text alone. */
  public static Message of(Role role, String content) {
    return new Message(role, content, null, List.of(), null, 1);
  }
}
