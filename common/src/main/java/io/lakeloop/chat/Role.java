package io.lakeloop.chat;

import java.util.Locale;

/** Who or what speaks in a message. */
public enum Role {
  /** Instructions to the model, whether a log calls them system or developer. */
  SYSTEM,
  USER,
  ASSISTANT,
  /** What a call brought back; {@link Message#callId()} says which. */
  TOOL,
  /** A text that retrieval laid before the model; {@link Message#name()} is its id or title. */
  DOCUMENT,
  /** The functions on offer, as a JSON list in OpenAI's form. */
  TOOLS;

  /** The name in tables and templates. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException if no role has that label
   */
  public static Role of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
