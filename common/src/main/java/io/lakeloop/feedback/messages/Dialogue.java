package io.lakeloop.feedback.messages;

import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a record says.
 *
 * @param messages in their order
 * @param choices answers beside one another to all of them, each as the messages that lead to it;
 *     empty where the answers stand in between
 */
public record Dialogue(List<Message> messages, List<List<Message>> choices) {

  /** Messages in which the answers stand in between. */
  public static Dialogue of(List<Message> messages) {
    return new Dialogue(messages, List.of());
  }

  /** One sequence of messages for each choice, or one in all. */
  public List<List<Message>> sequences() {
    if (choices.isEmpty()) {
      return List.of(joined(messages));
    }
    List<List<Message>> sequences = new ArrayList<>();
    for (List<Message> choice : choices) {
      List<Message> all = new ArrayList<>(messages);
      // The outputs of some traces begin with the inputs.
      boolean repeats =
          choice.size() >= messages.size() && choice.subList(0, messages.size()).equals(messages);
      all.addAll(repeats ? choice.subList(messages.size(), choice.size()) : choice);
      sequences.add(joined(all));
    }
    return sequences;
  }

  /** How many messages all sequences begin with; a text that the choices go on is none of them. */
  public int shared() {
    List<Message> joined = joined(messages);
    Message last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
    boolean goesOn = last != null && last.role() == Role.ASSISTANT && last.calls().isEmpty();
    return goesOn ? joined.size() - 1 : joined.size();
  }

  /**
   * The same, where people or the model who spoke twice in a row, without a call in between, have
   * one message with a blank line in it: templates part turns, not messages.
   */
  private static List<Message> joined(List<Message> messages) {
    List<Message> joined = new ArrayList<>();
    for (Message message : messages) {
      Message last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last != null && isContinued(last, message)) {
        joined.set(joined.size() - 1, join(last, message));
      } else {
        joined.add(message);
      }
    }
    return joined;
  }

  private static boolean isContinued(Message last, Message next) {
    return last.role() == next.role()
        && (next.role() == Role.USER || next.role() == Role.ASSISTANT)
        && last.calls().isEmpty()
        && last.weight() == next.weight();
  }

  private static Message join(Message first, Message second) {
    String one = first.content();
    String two = second.content();
    Set<String> parts = new TreeSet<>(first.parts());
    parts.addAll(second.parts());
    return new Message(
        first.role(),
        one.isBlank() ? two : two.isBlank() ? one : one + "\n\n" + two,
        null,
        second.calls(),
        null,
        first.weight(),
        List.copyOf(parts));
  }
}
