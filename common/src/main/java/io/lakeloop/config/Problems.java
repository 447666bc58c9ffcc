package io.lakeloop.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Collects everything that is wrong with one set of settings, so that all of it is told at once.
 */
public final class Problems {
  private final String subject;
  private final List<String> found = new ArrayList<>();

  private Problems(String subject) {
    this.subject = subject;
  }

  /** Starts a collection; {@code subject} names what the settings belong to, a job usually. */
  public static Problems in(String subject) {
    return new Problems(subject);
  }

  public Problems require(boolean holds, String message, Object... arguments) {
    return holds ? this : add(message, arguments);
  }

  public Problems add(String message, Object... arguments) {
    found.add(arguments.length == 0 ? message : String.format(Locale.ROOT, message, arguments));
    return this;
  }

  /**
   * @throws UserError CONFIG_INVALID with every problem found, on one line
   */
  public void throwIfAny() {
    if (!found.isEmpty()) {
      throw new UserError(subject, found);
    }
  }
}
