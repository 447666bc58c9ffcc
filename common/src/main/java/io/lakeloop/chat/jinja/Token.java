package io.lakeloop.chat.jinja;

/**
 * A part of a template's text.
 *
 * @param value a name, an operator, the text of a string or of data, or a number
 */
record Token(Kind kind, Object value, int line) {
  enum Kind {
    DATA,
    PRINT_BEGIN,
    PRINT_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    NUMBER,
    OPERATOR,
    END
  }

  boolean is(Kind kind, String value) {
    return this.kind == kind && this.value.equals(value);
  }

  boolean isOperator(String operator) {
    return is(Kind.OPERATOR, operator);
  }

  boolean isName(String name) {
    return is(Kind.NAME, name);
  }

  /** For messages. */
  String shown() {
    return switch (kind) {
      case END -> "the end of the template";
      case PRINT_END -> "'}}'";
      case BLOCK_END -> "'%}'";
      default -> "'" + value + "'";
    };
  }
}
