package io.lakeloop.config;

import java.util.Locale;

/** Text from outside as a message shows it: in quotes, on one line, and not too long. */
public final class Quoted {
  private static final int LONGEST = 60;

  private Quoted() {}

  public static String of(String text) {
    StringBuilder shown = new StringBuilder("'");
    text.codePoints().limit(LONGEST).forEach(c -> append(shown, c));
    shown.append('\'');
    int all = text.codePointCount(0, text.length());
    return all <= LONGEST
        ? shown.toString()
        : shown + String.format(Locale.ROOT, "... (%d characters)", all);
  }

  /** What is not seen, or turns a line around, is written as its number. */
  private static void append(StringBuilder shown, int c) {
    switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          shown.append(String.format(Locale.ROOT, "\\u%04x", c));
      default -> shown.appendCodePoint(c);
    }
  }
}
