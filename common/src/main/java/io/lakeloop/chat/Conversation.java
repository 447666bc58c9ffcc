package io.lakeloop.chat;

import io.lakeloop.config.Digest;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * Messages in their order: what a model reads before it answers, or a whole exchange of words.
 * Equal conversations are read alike by every model.
 */
public record Conversation(List<Message> messages) implements Serializable {
  public Conversation {
    messages = List.copyOf(messages);
  }

  /** One message of a user. */
  public static Conversation of(String prompt) {
    return new Conversation(List.of(Message.of(Role.USER, prompt)));
  }

  /** What the user said last, or empty where no user spoke. */
  public String prompt() {
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (messages.get(i).role() == Role.USER) {
        return messages.get(i).content();
      }
    }
    return "";
  }

  /** What the user opened with, or empty where no user spoke. */
  public String opening() {
    return messages.stream()
        .filter(message -> message.role() == Role.USER)
        .map(Message::content)
        .findFirst()
        .orElse("");
  }

  /** Whether the prompt is the user's last message, and nothing that follows answers it. */
  public boolean asks(String prompt) {
    if (messages.isEmpty()) {
      return false;
    }
    Message last = messages.get(messages.size() - 1);
    boolean answered =
        last.role() == Role.ASSISTANT && last.calls().isEmpty() && last.weight() != 0;
    return !answered && prompt().equals(prompt);
  }

  /** True where there is nothing but one message of a user, so that its text says it all. */
  public boolean hasPromptAlone() {
    return messages.size() == 1
        && messages.get(0).equals(Message.of(Role.USER, messages.get(0).content()));
  }

  /** The same, each text, name and id through a function that keeps null. */
  public Conversation mapped(UnaryOperator<String> texts) {
    return new Conversation(
        messages.stream()
            .map(
                message ->
                    new Message(
                        message.role(),
                        texts.apply(message.content()),
                        texts.apply(message.name()),
                        message.calls().stream()
                            .map(
                                call ->
                                    new ToolCall(
                                        texts.apply(call.id()),
                                        texts.apply(call.name()),
                                        texts.apply(call.arguments())))
                            .toList(),
                        texts.apply(message.callId()),
                        message.weight(),
                        message.parts()))
            .toList());
  }

  /** The same with an answer at the end. */
  public Conversation with(Message message) {
    List<Message> more = new ArrayList<>(messages);
    more.add(message);
    return new Conversation(more);
  }

  /**
   * SHA-256, 32 hex digits, over all that a model may read: roles, names, texts and calls in their
   * order, each with its length before it, so that no two conversations run into one. Weights are
   * not read, so they don't count.
   */
  public String digest() {
    StringBuilder all = new StringBuilder();
    for (Message message : messages) {
      append(all, message.role().label());
      append(all, message.name());
      append(all, message.content());
      append(all, message.callId());
      all.append(message.calls().size()).append(';');
      for (ToolCall call : message.calls()) {
        append(all, call.id());
        append(all, call.name());
        append(all, call.arguments());
      }
    }
    return Digest.of(all.toString()).substring(0, 32);
  }

  private static void append(StringBuilder all, String part) {
    String text = Objects.requireNonNullElse(part, "");
    all.append(part == null ? -1 : text.length()).append(':').append(text);
  }
}
