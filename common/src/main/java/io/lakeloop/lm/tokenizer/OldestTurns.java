package io.lakeloop.lm.tokenizer;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A conversation without its oldest turns. A turn is a user's message with all that follows up to
 * the next one's; instructions, tools and documents belong to none and stay.
 */
final class OldestTurns {
  private static final Set<Role> KEPT = Set.of(Role.SYSTEM, Role.TOOLS, Role.DOCUMENT);

  private final List<Message> messages;

  /** Where each turn but the first begins. */
  private final List<Integer> starts = new ArrayList<>();

  OldestTurns(Conversation conversation) {
    this.messages = conversation.messages();
    boolean spoken = false;
    for (int i = 0; i < messages.size(); i++) {
      Role role = messages.get(i).role();
      if (role == Role.USER && spoken) {
        starts.add(i);
      }
      spoken |= !KEPT.contains(role);
    }
  }

  /** How many turns can go so that one is left. */
  int most() {
    return starts.size();
  }

  /** The conversation without so many turns. */
  Conversation without(int turns) {
    int start = turns == 0 ? 0 : starts.get(turns - 1);
    List<Message> left = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      if (i >= start || KEPT.contains(messages.get(i).role())) {
        left.add(messages.get(i));
      }
    }
    return new Conversation(left);
  }
}
