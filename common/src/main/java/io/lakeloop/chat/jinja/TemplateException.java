package io.lakeloop.chat.jinja;

import java.util.Locale;

/** A template that cannot be read or rendered; the message says why, in one line. */
public final class TemplateException extends RuntimeException {
  /** What was wrong. */
  public enum Kind {
    /** The text is no template, or uses what is not offered. */
    SYNTAX,
    /** The template itself refuses its data: {@code raise_exception}. */
    REFUSED,
    /** An expression has no value: undefined names, types that do not go together. */
    VALUE,
    /** Rendering was stopped: it took too many steps, too much room or too deep a recursion. */
    LIMIT
  }

  private final Kind kind;

  TemplateException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  static TemplateException value(String message, Object... arguments) {
    return new TemplateException(Kind.VALUE, String.format(Locale.ROOT, message, arguments));
  }

  static TemplateException limit(String message, Object... arguments) {
    return new TemplateException(Kind.LIMIT, String.format(Locale.ROOT, message, arguments));
  }

  static TemplateException syntax(int line, String message) {
    return new TemplateException(Kind.SYNTAX, message + " (line " + line + ")");
  }

  public Kind kind() {
    return kind;
  }

  /** The same, with the line that it happened in. */
  TemplateException at(int line) {
    if (kind == Kind.REFUSED || getMessage().endsWith(")") && getMessage().contains("(line ")) {
      return this;
    }
    return new TemplateException(kind, getMessage() + " (line " + line + ")");
  }
}
