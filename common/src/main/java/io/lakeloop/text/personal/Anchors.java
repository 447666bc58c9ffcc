package io.lakeloop.text.personal;

import java.util.Arrays;
import java.util.Objects;

/**
 * The places of a text where something personal could be, found in one pass: patterns are tried
 * there and nowhere else. Most texts have none.
 */
final class Anchors {
  /** What a kind of personal data cannot be without. */
  enum Anchor {
    /** Digits with at most a dozen other characters between them; the weight is their number. */
    DIGITS,
    /** A word with an at sign. */
    AT,
    /** A word with {@code ://}. */
    SCHEME,
    /** A word with a full stop inside. */
    DOT,
    /** A word of sixteen characters or more. */
    LONG_WORD,
    /** A word with two colons or more. */
    COLONS,
    /** The name of a secret, a colon or equals sign or "is", and a value. */
    SEPARATOR,
    /** Five dashes. */
    DASHES,
    /** A character escaped as {@code %40}. */
    ESCAPE
  }

  /** Triples of start, end and weight. */
  private static final class Places {
    private int[] values = new int[12];
    private int size;

    private void add(int start, int end, int weight) {
      if (size + 3 > values.length) {
        values = Arrays.copyOf(values, 2 * values.length);
      }
      values[size++] = start;
      values[size++] = end;
      values[size++] = weight;
    }
  }

  private static final int DIGIT_GAP = 12;
  private static final int LONG = 16;
  private static final int LONGEST_NAME = 24;

  /** How names of secrets end. */
  private static final String[] SECRET_NAMES = {
    "password", "passwd", "passwort", "passe", "contraseña", "key", "secret", "token", "bearer"
  };

  private static final int LONGEST_KEY = 20_000;

  private final Places[] places = new Places[Anchor.values().length];
  private byte[] starts;
  private boolean at;
  private boolean scheme;
  private boolean dot;
  private int colons;

  private Anchors() {}

  /** Finds a text's anchors. */
  static Anchors of(String text) {
    Anchors anchors = new Anchors();
    anchors.scan(text);
    return anchors;
  }

  boolean isEmpty() {
    return Arrays.stream(places).allMatch(Objects::isNull);
  }

  int count(Anchor anchor) {
    Places all = places[anchor.ordinal()];
    return all == null ? 0 : all.size / 3;
  }

  int start(Anchor anchor, int i) {
    return places[anchor.ordinal()].values[3 * i];
  }

  int end(Anchor anchor, int i) {
    return places[anchor.ordinal()].values[3 * i + 1];
  }

  int weight(Anchor anchor, int i) {
    return places[anchor.ordinal()].values[3 * i + 2];
  }

  /** For each character what may begin there, told once for all patterns. */
  byte[] starts(String text) {
    if (starts == null) {
      starts = new byte[text.length()];
      char before = ' ';
      for (int i = 0; i < starts.length; i++) {
        char c = text.charAt(i);
        starts[i] = Rule.Start.of(before, c);
        before = c;
      }
    }
    return starts;
  }

  private void add(Anchor anchor, int start, int end, int weight) {
    Places all = places[anchor.ordinal()];
    if (all == null) {
      all = new Places();
      places[anchor.ordinal()] = all;
    }
    all.add(start, end, weight);
  }

  private void scan(String text) {
    int length = text.length();
    int firstDigit = -1;
    int lastDigit = -1;
    int digits = 0;
    int wordStart = 0;
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c <= ' ') {
        word(wordStart, i);
        wordStart = i + 1;
        if (c == ' ' && text.startsWith("is ", i + 1)) {
          separator(text, i, i + 4);
        }
      } else if (c >= '0' && c <= '9') {
        if (digits > 0 && i - lastDigit > DIGIT_GAP) {
          add(Anchor.DIGITS, firstDigit, lastDigit + 1, digits);
          digits = 0;
        }
        firstDigit = digits == 0 ? i : firstDigit;
        lastDigit = i;
        digits++;
      } else if (c <= '@') {
        sign(text, i, c);
      }
    }
    word(wordStart, length);
    if (digits > 0) {
      add(Anchor.DIGITS, firstDigit, lastDigit + 1, digits);
    }
  }

  private void sign(String text, int i, char c) {
    switch (c) {
      case '@' -> at = true;
      case ':' -> {
        colons++;
        if (text.startsWith("//", i + 1)) {
          scheme = true;
        } else {
          separator(text, i, i + 1);
        }
      }
      case '=' -> separator(text, i, i + 1);
      case '%' -> {
        if (PercentEncoding.isEscape(text, i)) {
          add(Anchor.ESCAPE, i, i + 3, 1);
        }
      }
      case '.' ->
          dot |=
              i > 0
                  && i + 1 < text.length()
                  && Character.isLetterOrDigit(text.charAt(i - 1))
                  && Character.isLetterOrDigit(text.charAt(i + 1));
      case '-' -> {
        if (text.startsWith("-----", i) && (i == 0 || text.charAt(i - 1) != '-')) {
          add(Anchor.DASHES, i, Math.min(text.length(), i + LONGEST_KEY), 1);
        }
      }
      default -> {
        // Other signs are no anchors.
      }
    }
  }

  /** From the name before to the end of the value behind. */
  private void separator(String text, int start, int valueStart) {
    if (!followsSecretName(text, start)) {
      return;
    }
    int end = valueStart;
    while (end < text.length() && text.charAt(end) <= ' ') {
      end++;
    }
    while (end < text.length() && text.charAt(end) > ' ') {
      end++;
    }
    add(Anchor.SEPARATOR, Math.max(0, start - LONGEST_NAME), end, 1);
  }

  private static boolean followsSecretName(String text, int end) {
    int last = end > 0 && text.charAt(end - 1) == ' ' ? end - 1 : end;
    for (String name : SECRET_NAMES) {
      if (text.regionMatches(true, last - name.length(), name, 0, name.length())) {
        return true;
      }
    }
    return false;
  }

  private void word(int start, int end) {
    if (at) {
      add(Anchor.AT, start, end, 1);
    }
    if (scheme) {
      add(Anchor.SCHEME, start, end, 1);
    }
    if (dot) {
      add(Anchor.DOT, start, end, 1);
    }
    if (colons >= 2) {
      add(Anchor.COLONS, start, end, 1);
    }
    if (end - start >= LONG) {
      add(Anchor.LONG_WORD, start, end, 1);
    }
    at = false;
    scheme = false;
    dot = false;
    colons = 0;
  }
}
