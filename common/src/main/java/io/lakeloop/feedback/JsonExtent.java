package io.lakeloop.feedback;

/**
 * How far a value of JSON reaches, told by its brackets and quotes alone, character by character.
 */
final class JsonExtent {
  /** Deeper values are refused before a parser that calls itself comes near its limit. */
  static final int DEEPEST = 500;

  private final char[] closing = new char[DEEPEST];
  private int depth;
  private boolean inText;
  private boolean escaped;
  private boolean broken;
  private boolean tooDeep;
  private boolean begun;

  /** The last sign outside texts that is no spacing. */
  private int previous;

  /** Takes the next character, -1 for the end of the file. */
  void accept(int c) {
    begun = true;
    if (c < 0) {
      broken = true;
    } else if (inText) {
      text(c);
    } else {
      switch (c) {
        case '"' -> {
          inText = true;
          broken |= depth > 0 && "{[,:".indexOf(previous) < 0;
        }
        case '{' -> open('}');
        case '[' -> open(']');
        case '}', ']' -> close(c);
        default -> {}
      }
      previous = Character.isWhitespace(c) ? previous : c;
    }
  }

  /** No text goes over the end of a line: there it lacks its quote. */
  private void text(int c) {
    if (TextWindow.endsLine(c)) {
      broken = true;
    } else if (escaped) {
      escaped = false;
    } else if (c == '\\') {
      escaped = true;
    } else if (c == '"') {
      inText = false;
    }
  }

  /** A value begins behind a colon, or in an array behind its bracket or a comma. */
  private void open(char closedBy) {
    boolean inArray = depth > 0 && closing[depth - 1] == ']';
    boolean mayBegin =
        depth == 0 || previous == ':' || inArray && (previous == '[' || previous == ',');
    if (depth == DEEPEST || !mayBegin) {
      tooDeep = mayBegin;
      broken = true;
    } else {
      closing[depth++] = closedBy;
    }
  }

  private void close(int c) {
    if (depth == 0 || closing[--depth] != c) {
      broken = true;
    }
  }

  /** True until the value has ended, or cannot end any more. */
  boolean isOpen() {
    return !broken && (!begun || depth > 0 || inText);
  }

  /** True if it is broken off here, and may yet be JSON. */
  boolean isTooDeep() {
    return tooDeep;
  }

  boolean isBroken() {
    return broken;
  }
}
