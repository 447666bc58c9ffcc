package io.lakeloop.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Texts as Python sees them: blanks, letters' numbers, escapes. */
final class Strings {
  private Strings() {}

  /** What {@code str.isspace} takes for a blank. */
  static boolean isBlank(int c) {
    return c >= 0x09 && c <= 0x0d
        || c >= 0x1c && c <= 0x20
        || c == 0x85
        || c > 0x85 && Character.isSpaceChar(c);
  }

  static String stripLeft(String text) {
    int start = 0;
    while (start < text.length() && isBlank(text.charAt(start))) {
      start++;
    }
    return text.substring(start);
  }

  static String stripRight(String text) {
    int end = text.length();
    while (end > 0 && isBlank(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  static String strip(String text) {
    return stripLeft(stripRight(text));
  }

  /** The text without any of these characters at its left, or right, end. */
  static String strip(String text, String characters, boolean left, boolean right) {
    int start = 0;
    int end = text.length();
    while (left && start < end && characters.indexOf(text.codePointAt(start)) >= 0) {
      start += Character.charCount(text.codePointAt(start));
    }
    while (right && end > start && characters.indexOf(text.codePointBefore(end)) >= 0) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(start, end);
  }

  /** Whether each character is a code point, so that places need no counting. */
  static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** The code points from one place to before another. */
  static String part(String text, int from, int to) {
    if (from >= to) {
      return "";
    }
    if (isPlain(text)) {
      return text.substring(from, to);
    }
    int start = text.offsetByCodePoints(0, from);
    return text.substring(start, text.offsetByCodePoints(start, to - from));
  }

  /** Each code point as a text. */
  static List<Object> characters(String text) {
    List<Object> characters = new ArrayList<>(text.length());
    text.codePoints().forEach(c -> characters.add(Character.toString(c)));
    return characters;
  }

  /** A string's inside with Python's escapes resolved. */
  static String unescaped(String inside) {
    if (inside.indexOf('\\') < 0) {
      return inside;
    }
    StringBuilder text = new StringBuilder(inside.length());
    int i = 0;
    while (i < inside.length()) {
      char c = inside.charAt(i++);
      if (c != '\\' || i == inside.length()) {
        text.append(c);
      } else {
        i = escape(inside, i, text);
      }
    }
    return text.toString();
  }

  private static int escape(String inside, int at, StringBuilder text) {
    char c = inside.charAt(at);
    int simple = "\n\\'\"abfnrtv".indexOf(c);
    if (c == '\n') {
      return at + 1;
    } else if (simple >= 0) {
      text.append("\n\\'\"\u0007\b\f\n\r\t\u000b".charAt(simple));
      return at + 1;
    } else if (c >= '0' && c <= '7') {
      return number(inside, at, 3, 8, text);
    } else if (c == 'x' || c == 'u' || c == 'U') {
      return number(inside, at + 1, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, text);
    }
    text.append('\\').append(c);
    return at + 1;
  }

  private static int number(String inside, int at, int most, int radix, StringBuilder text) {
    int end = at;
    while (end < inside.length()
        && end < at + most
        && Character.digit(inside.charAt(end), radix) >= 0) {
      end++;
    }
    if (radix == 16 && end != at + most) {
      throw new TemplateException(TemplateException.Kind.SYNTAX, "a string has a broken escape");
    }
    long code = Long.parseLong(inside.substring(at, end), radix);
    if (code > Character.MAX_CODE_POINT) {
      throw new TemplateException(TemplateException.Kind.SYNTAX, "a string has a broken escape");
    }
    text.appendCodePoint((int) code);
    return end;
  }

  /** Runs of letters in small letters with a great one first. */
  static String title(String text) {
    StringBuilder title = new StringBuilder(text.length());
    boolean within = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      boolean letter = Character.isLetter(c);
      if (!letter) {
        title.appendCodePoint(c);
      } else {
        title.appendCodePoint(within ? Character.toLowerCase(c) : Character.toTitleCase(c));
      }
      within = letter;
    }
    return title.toString();
  }

  /** The first letter great, all others small. */
  static String capitalised(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = Character.charCount(text.codePointAt(0));
    return Character.toString(Character.toTitleCase(text.codePointAt(0)))
        + lower(text.substring(first));
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }
}
