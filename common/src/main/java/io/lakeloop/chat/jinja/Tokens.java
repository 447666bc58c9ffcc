package io.lakeloop.chat.jinja;

import io.lakeloop.chat.jinja.Token.Kind;
import java.util.List;

/** The tokens of a template, read from left to right, and how deep the reader is nested. */
final class Tokens {
  /** What is nested deeper takes a stack to render that a thread may not have. */
  private static final int DEEPEST = 400;

  private static final int NESTING = 5;

  private final List<Token> tokens;
  private int at;
  private int depth;

  Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token next() {
    return tokens.get(at++);
  }

  void stepBack() {
    at--;
  }

  boolean at(String operator) {
    return current().isOperator(operator);
  }

  boolean atName(String name) {
    return current().isName(name);
  }

  /** Whether the token behind the current one is that operator. */
  boolean followedBy(Kind kind, String value) {
    return at + 1 < tokens.size() && tokens.get(at + 1).is(kind, value);
  }

  boolean skip(String operator) {
    boolean here = at(operator);
    at += here ? 1 : 0;
    return here;
  }

  boolean skipName(String name) {
    boolean here = atName(name);
    at += here ? 1 : 0;
    return here;
  }

  void expect(String operator) {
    if (!skip(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  void expect(Kind kind) {
    if (current().kind() != kind) {
      throw unexpected(kind == Kind.BLOCK_END ? "'%}'" : "'}}'");
    }
    at++;
  }

  String name() {
    if (current().kind() != Kind.NAME) {
      throw unexpected("a name");
    }
    return (String) next().value();
  }

  TemplateException unexpected(String wanted) {
    return TemplateException.syntax(
        current().line(), "it has " + current().shown() + " where " + wanted + " belongs");
  }

  /** One operator more whose operands are evaluated within it, until {@link #back}. */
  void deeper() {
    deeper(1);
  }

  /** One level deeper, which takes more of the stack to read, until {@link #back}. */
  void nest() {
    deeper(NESTING);
  }

  private void deeper(int by) {
    depth += by;
    if (depth > DEEPEST) {
      throw TemplateException.limit("it nests deeper than %d levels", DEEPEST / NESTING)
          .at(current().line());
    }
  }

  int depth() {
    return depth;
  }

  void back(int depth) {
    this.depth = depth;
  }
}
