package io.lakeloop.reward;

import io.lakeloop.chat.Conversation;
import java.io.Serializable;

/**
 * One answer, and what was said before it.
 *
 * @param before the prompt at its end, or calls and their results behind it
 */
public record Exchange(Conversation before, String completion) implements Serializable {

  /** A prompt without history, and its answer. */
  public Exchange(String prompt, String completion) {
    this(Conversation.of(prompt), completion);
  }
}
