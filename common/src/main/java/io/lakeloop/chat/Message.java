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
 * @param parts what it held beside text, sorted: image, audio, video, file (in whose place {@code
 *     <image>} and so on stands), reasoning (left out) or refusal (kept as text)
 */
public record Message(
    Role role,
    String content,
    String name,
    List<ToolCall> calls,
    String callId,
    int weight,
    List<String> parts)
    implements Serializable {

  public Message {
    calls = List.copyOf(calls);
    parts = List.copyOf(parts);
  }

  public Message(
      Role role, String content, String name, List<ToolCall> calls, String callId, int weight) {
    this(role, content, name, calls, callId, weight, List.of());
  }

  /** A message that is text alone. */
  public static Message of(Role role, String content) {
    return new Message(role, content, null, List.of(), null, 1);
  }

  /** The same with another weight. */
  public Message weighing(int other) {
    return other == weight ? this : new Message(role, content, name, calls, callId, other, parts);
  }
}
