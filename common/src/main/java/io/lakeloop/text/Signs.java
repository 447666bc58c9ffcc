package io.lakeloop.text;

/**
 * What a {@link Skeleton} leaves out, or holds for a small part of a text, though it turns the
 * meaning: numbers with their signs and decimals, comparisons and other signs of mathematics,
 * currencies, emoji, emoticons. Texts in which these differ, or stand in another order, do not say
 * nearly the same.
 */
public final class Signs {
  private static final long FACTOR = 0x9E3779B97F4A7C15L;

  /** Signs of markup, which do not count; runs of the others count once. */
  private static final String MARKUP = "|`~^´¨";

  private final String text;
  private long hash;
  private int last;

  private Signs(String text) {
    this.text = text;
  }

  /** A hash of the signs of a text in their order; 0 where it has none. */
  public static long of(String text) {
    return new Signs(text).scan();
  }

  private long scan() {
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (c >= 'a' && c <= 'z' || c == ' ') {
        i++;
      } else if (c == '<' && placeholderEnd(i) > i) {
        i = placeholderEnd(i);
      } else if (Character.isDigit(c)) {
        i = number(i);
      } else {
        i = sign(i);
      }
    }
    return hash;
  }

  private void add(int unit) {
    hash = (hash ^ (unit + 1L)) * FACTOR;
    hash ^= hash >>> 29;
  }

  /** Digits, and what parts them. */
  private int number(int start) {
    int i = start;
    add('#');
    while (i < text.length()) {
      char c = text.charAt(i);
      boolean digit = Character.isDigit(c);
      if (!digit && !(isPart(c) && isDigit(i + 1))) {
        break;
      }
      add(digit ? '0' + Character.digit(c, 10) : plain(c));
      i++;
    }
    last = -1;
    return i;
  }

  private static boolean isPart(char c) {
    return c == '.' || c == ',' || c == ':' || c == '/' || c == '*' || plain(c) == '-';
  }

  private boolean isDigit(int at) {
    return at < text.length() && Character.isDigit(text.charAt(at));
  }

  /** The dashes as one. */
  private static int plain(int c) {
    return c == '\u2212' || Character.getType(c) == Character.DASH_PUNCTUATION ? '-' : c;
  }

  private int sign(int at) {
    int c = text.codePointAt(at);
    int end = at + Character.charCount(c);
    if (plain(c) == '-') {
      boolean word = at > 0 && Character.isLetterOrDigit(text.charAt(at - 1));
      if (isDigit(end) && !word) {
        add('-');
      }
    } else if (c == '!') {
      if (isNegation(at)) {
        add('!');
      }
    } else if (c == ':' || c == ';') {
      return emoticon(at, end);
    } else if (isSign(c)) {
      if (c != last) {
        add(c);
      }
      last = c;
      return end;
    }
    last = -1;
    return end;
  }

  /** As in {@code a != b} and {@code !ready}; elsewhere it ends a sentence. */
  private boolean isNegation(int at) {
    char next = at + 1 < text.length() ? text.charAt(at + 1) : ' ';
    boolean begins = at == 0 || !Character.isLetterOrDigit(text.charAt(at - 1));
    return next == '=' || begins && (next == '(' || Character.isLetter(next));
  }

  private boolean isSign(int c) {
    return switch (Character.getType(c)) {
      case Character.MATH_SYMBOL,
          Character.CURRENCY_SYMBOL,
          Character.OTHER_SYMBOL,
          Character.MODIFIER_SYMBOL ->
          MARKUP.indexOf(c) < 0;
      default -> c == '%' || c == '\u2030';
    };
  }

  /** A face laid on its side, with a nose or without. */
  private int emoticon(int at, int eyesEnd) {
    int mouth = text.startsWith("-", eyesEnd) ? eyesEnd + 1 : eyesEnd;
    last = -1;
    boolean face =
        mouth < text.length()
            && ")(DPp/\\|*".indexOf(text.charAt(mouth)) >= 0
            && (at == 0 || !Character.isLetterOrDigit(text.charAt(at - 1)))
            && (mouth + 1 == text.length() || !Character.isLetterOrDigit(text.charAt(mouth + 1)));
    if (!face) {
      return eyesEnd;
    }
    add(text.charAt(at));
    add(text.charAt(mouth));
    return mouth + 1;
  }

  /** Behind a placeholder of personal data, whose number says how many came before it. */
  private int placeholderEnd(int start) {
    int i = start + 1;
    while (i < text.length() && (Character.isUpperCase(text.charAt(i)) || text.charAt(i) == '_')) {
      i++;
    }
    int digits = i;
    while (isDigit(i)) {
      i++;
    }
    return digits > start + 1 && i > digits && text.startsWith(">", i) ? i + 1 : start;
  }
}
