package io.lakeloop.feedback.logs;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.messages.Dialogue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The exchanges of a dialogue: each text of the assistant behind something that a user said answers
 * all that stands before it. A greeting before the user's first word answers nothing, and calls,
 * their results and answers with weight 0 are what later ones were given to.
 */
final class Exchanges {
  private static final Message NOTHING = Message.of(Role.ASSISTANT, "");

  private final List<Message> before = new ArrayList<>();
  private final List<Exchanged> found = new ArrayList<>();
  private int turn;
  private boolean open;
  private boolean left;

  private Exchanges() {}

  /**
   * The exchanges in their order; those that cannot be used say why. Of choices all but the first
   * give what they alone have.
   */
  static List<Exchanged> of(Dialogue dialogue) {
    List<Exchanged> found = new ArrayList<>();
    int shared = dialogue.shared();
    for (List<Message> sequence : dialogue.sequences()) {
      boolean first = found.isEmpty();
      in(sequence).stream()
          .filter(exchange -> first || exchange.before().messages().size() >= shared)
          .forEach(found::add);
    }
    return keyed(found);
  }

  private static List<Exchanged> in(List<Message> messages) {
    Exchanges exchanges = new Exchanges();
    messages.forEach(exchanges::take);
    exchanges.end();
    return exchanges.found;
  }

  /** Answers of one turn are told apart by their number in it. */
  private static List<Exchanged> keyed(List<Exchanged> found) {
    Map<Integer, Integer> seen = new HashMap<>();
    List<Exchanged> keyed = new ArrayList<>();
    for (Exchanged exchange : found) {
      int number = seen.merge(exchange.turn(), 1, Integer::sum);
      keyed.add(number == 1 ? exchange : exchange.keyed(exchange.turn() + "." + number));
    }
    return keyed;
  }

  /** A user's last words without an answer are no exchange; a call that led to none is told of. */
  private void end() {
    if (open && left) {
      add(NOTHING, new Refusal("NO_ANSWER", "the turn ends in a call, without a text"));
    }
  }

  private void take(Message message) {
    if (message.role() == Role.ASSISTANT) {
      answer(message);
    } else if (message.role() == Role.USER) {
      end();
      turn++;
      open = true;
      left = false;
    }
    before.add(message);
  }

  /** An answer, without what follows from it for the next. */
  private void answer(Message message) {
    if (turn == 0 || message.weight() == 0) {
      open = false;
    } else if (message.calls().isEmpty()) {
      add(message, problem(message));
      open = false;
    } else {
      left = true;
    }
  }

  private Refusal problem(Message answer) {
    if (answer.content().isBlank()) {
      return new Refusal("EMPTY_ANSWER", "the answer is empty");
    }
    return new Conversation(before).prompt().isBlank()
        ? new Refusal("EMPTY_PROMPT", "the user's message before the answer is empty")
        : null;
  }

  private void add(Message answer, Refusal refusal) {
    String key = String.valueOf(turn);
    found.add(new Exchanged(turn, key, new Conversation(before), answer, List.of(), refusal));
  }
}
