package io.lakeloop.chat.jinja;

import io.lakeloop.chat.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with trim_blocks (the first line break behind a block goes) and
 * lstrip_blocks (blanks between the beginning of a line and a block go), and signs at the braces
 * that say otherwise.
 */
final class Lexer {
  private static final Pattern BEGIN = Pattern.compile("\\{[{%#]");
  private static final Pattern BLANKS = Pattern.compile("\\s*", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern NAME =
      Pattern.compile("[\\p{L}_][\\p{L}\\p{M}\\p{N}_]*", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern FLOAT =
      Pattern.compile("\\d+(_\\d+)*(\\.\\d+(_\\d+)*)?[eE][+-]?\\d+|\\d+(_\\d+)*\\.\\d+(_\\d+)*");
  private static final Pattern INTEGER =
      Pattern.compile("0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO](_?[0-7])+|\\d+(_\\d+)*");
  private static final Pattern OPERATOR =
      Pattern.compile("==|!=|>=|<=|//|\\*\\*|[-+/*%~\\[\\](){}><=.:|,;]");
  private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(-%\\}\\s*|%\\})");
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(\\+%\\}|-%\\}\\s*|%\\}\\n?)");
  private static final Pattern END_COMMENT = Pattern.compile("\\+#\\}|-#\\}\\s*|#\\}\\n?");
  private static final Pattern END_BLOCK = Pattern.compile("\\+%\\}|-%\\}\\s*|%\\}\\n?");
  private static final Pattern END_PRINT = Pattern.compile("-\\}\\}\\s*|\\}\\}");

  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private boolean lineStarts = true;

  Lexer(String text) {
    String lines = text.replace("\r\n", "\n").replace('\r', '\n');
    this.text = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
  }

  List<Token> tokens() {
    Matcher begin = BEGIN.matcher(text);
    while (begin.find(at)) {
      int start = begin.start();
      Matcher raw = RAW.matcher(text).region(start, text.length());
      if (raw.lookingAt()) {
        data(text.substring(at, start), sign(start), false);
        raw(raw.end());
        continue;
      }
      data(text.substring(at, start), sign(start), text.charAt(start + 1) == '{');
      int inside = start + 2 + (sign(start) == ' ' ? 0 : 1);
      switch (text.charAt(start + 1)) {
        case '#' -> comment(inside);
        case '%' -> code(inside, Kind.BLOCK_BEGIN, Kind.BLOCK_END, END_BLOCK);
        default -> code(inside, Kind.PRINT_BEGIN, Kind.PRINT_END, END_PRINT);
      }
    }
    add(Kind.DATA, text.substring(at));
    add(Kind.END, "");
    return tokens;
  }

  private char sign(int begin) {
    char sign = begin + 2 < text.length() ? text.charAt(begin + 2) : ' ';
    return sign == '-' || sign == '+' ? sign : ' ';
  }

  private void add(Kind kind, Object value) {
    if (kind != Kind.DATA || !value.equals("")) {
      tokens.add(new Token(kind, value, line));
    }
  }

  /** Text before a brace. */
  private void data(String data, char sign, boolean printFollows) {
    String kept = data;
    if (sign == '-') {
      kept = Strings.stripRight(data);
    } else if (sign != '+' && !printFollows) {
      int lineStart = data.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || lineStarts) && BLANKS.matcher(data.substring(lineStart)).matches()) {
        kept = data.substring(0, lineStart);
      }
    }
    add(Kind.DATA, kept);
    forward(at + data.length());
    lineStarts = false;
  }

  private void forward(int to) {
    for (int i = at; i < to; i++) {
      line += text.charAt(i) == '\n' ? 1 : 0;
    }
    lineStarts = to > at && text.charAt(to - 1) == '\n';
    at = to;
  }

  private void raw(int start) {
    forward(start);
    Matcher end = END_RAW.matcher(text);
    if (!end.find(start)) {
      throw TemplateException.syntax(line, "a raw block has no end");
    }
    char sign = end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0);
    data(text.substring(start, end.start()), sign, false);
    forward(end.end());
  }

  private void comment(int start) {
    Matcher end = END_COMMENT.matcher(text);
    if (!end.find(start)) {
      throw TemplateException.syntax(line, "a comment has no end");
    }
    forward(end.end());
  }

  private void code(int start, Kind begin, Kind end, Pattern closing) {
    add(begin, "");
    forward(start);
    int open = 0;
    Matcher close = closing.matcher(text);
    while (true) {
      Matcher blanks = BLANKS.matcher(text).region(at, text.length());
      blanks.lookingAt();
      forward(blanks.end());
      if (at == text.length()) {
        throw TemplateException.syntax(line, "an expression has no end");
      }
      if (open == 0 && close.region(at, text.length()).lookingAt()) {
        add(end, "");
        forward(close.end());
        return;
      }
      open += token();
    }
  }

  /** Reads one token and says how many brackets it opens. */
  private int token() {
    char c = text.charAt(at);
    if (c == '\'' || c == '"') {
      add(Kind.STRING, Strings.unescaped(quoted()));
      return 0;
    }
    String found = matched(NAME);
    if (found != null) {
      add(Kind.NAME, found);
      return 0;
    }
    return c >= '0' && c <= '9' ? number() : operator();
  }

  private int number() {
    // Behind a dot a number is a place: a.0.1
    String decimal = text.charAt(at - 1) == '.' ? null : matched(FLOAT);
    if (decimal == null) {
      add(Kind.NUMBER, integer(matched(INTEGER).replace("_", "")));
    } else {
      add(Kind.NUMBER, Double.valueOf(decimal.replace("_", "")));
    }
    return 0;
  }

  private int operator() {
    String operator = matched(OPERATOR);
    if (operator == null) {
      throw TemplateException.syntax(line, "unexpected character '" + text.charAt(at) + "'");
    }
    add(Kind.OPERATOR, operator);
    return switch (operator) {
      case "(", "[", "{" -> 1;
      case ")", "]", "}" -> -1;
      default -> 0;
    };
  }

  private String quoted() {
    char quote = text.charAt(at);
    int end = at + 1;
    while (end < text.length() && text.charAt(end) != quote) {
      end += text.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= text.length()) {
      throw TemplateException.syntax(line, "a string has no end");
    }
    String inside = text.substring(at + 1, end);
    forward(end + 1);
    return inside;
  }

  private String matched(Pattern pattern) {
    Matcher matcher = pattern.matcher(text).region(at, text.length());
    if (!matcher.lookingAt()) {
      return null;
    }
    forward(matcher.end());
    return matcher.group();
  }

  private Long integer(String number) {
    try {
      return switch (number.length() > 1 ? number.charAt(1) : ' ') {
        case 'x', 'X' -> Long.valueOf(number.substring(2), 16);
        case 'b', 'B' -> Long.valueOf(number.substring(2), 2);
        case 'o', 'O' -> Long.valueOf(number.substring(2), 8);
        default -> Long.valueOf(number);
      };
    } catch (NumberFormatException e) {
      throw TemplateException.syntax(line, "the number " + number + " is too large");
    }
  }
}
