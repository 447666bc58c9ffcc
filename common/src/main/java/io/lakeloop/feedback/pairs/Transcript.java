package io.lakeloop.feedback.pairs;

import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A conversation as one text, as Anthropic's HH set has it: turns that begin with {@code
 * "\n\nHuman:"} or {@code "\n\nAssistant:"}, and a text before them that is the system's.
 */
final class Transcript {
  private static final Pattern TURN =
      Pattern.compile("(?:\\A\\s*|\n\n)(Human|Assistant|System|Tool): ?");

  private Transcript() {}

  /** True where the text begins as a turn does. */
  static boolean isIn(String text) {
    return TURN.matcher(text).lookingAt();
  }

  /** The turns of a text; a text without one is what a user said. */
  static List<Message> messages(String text) {
    Matcher turn = TURN.matcher(text);
    List<Message> messages = new ArrayList<>();
    Role role = Role.SYSTEM;
    int from = 0;
    while (turn.find()) {
      add(messages, role, text.substring(from, turn.start()));
      role =
          switch (turn.group(1)) {
            case "Human" -> Role.USER;
            case "Assistant" -> Role.ASSISTANT;
            case "Tool" -> Role.TOOL;
            default -> Role.SYSTEM;
          };
      from = turn.end();
    }
    if (from == 0) {
      return List.of(Message.of(Role.USER, text));
    }
    add(messages, role, text.substring(from));
    return messages;
  }

  /** An empty turn of the assistant at the end is where the answer goes. */
  private static void add(List<Message> messages, Role role, String text) {
    if (!text.isBlank()) {
      messages.add(Message.of(role, text.strip()));
    } else if (role == Role.USER) {
      messages.add(Message.of(role, ""));
    }
  }

  /** The text of a conversation; calls and other parts have no place in it. */
  static String of(List<Message> messages) {
    StringBuilder text = new StringBuilder();
    for (Message message : messages) {
      String who =
          switch (message.role()) {
            case USER -> "Human";
            case ASSISTANT -> "Assistant";
            case TOOL, TOOLS -> "Tool";
            case SYSTEM, DOCUMENT -> "System";
          };
      text.append("\n\n").append(who).append(": ").append(message.content());
    }
    return text.toString();
  }
}
