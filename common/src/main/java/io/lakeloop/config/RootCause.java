package io.lakeloop.config;

import java.util.Locale;

/** What lies at the root of a failure: Spark wraps it as often as it passes it on. */
public final class RootCause {
  private RootCause() {}

  public static Throwable of(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root;
  }

  /**
   * The failure's message, with its kind where the message is none or a bare value. It may hold
   * values of the data.
   */
  public static String words(Throwable failure) {
    String kind =
        failure
            .getClass()
            .getSimpleName()
            .replaceAll("(Exception|Error)$", "")
            .replaceAll("([a-z])([A-Z])", "$1 $2")
            .toLowerCase(Locale.ROOT);
    String message = failure.getMessage();
    if (message == null || message.isBlank()) {
      return failure.getStackTrace().length == 0
          ? kind
          : kind + " in " + failure.getStackTrace()[0];
    }
    return message.strip().contains(" ") || failure.getClass() == RuntimeException.class
        ? message
        : kind + ": " + message;
  }

  /** The first line of {@link #words} that says something, without its full stop. */
  public static String line(Throwable failure) {
    return words(failure)
        .lines()
        .filter(line -> !line.isBlank())
        .findFirst()
        .orElse("no reason given")
        .replaceAll("[.;]+$", "");
  }
}
