package io.lakeloop.lm.tokenizer;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Tells the special tokens that a template writes from those that only stand in people's texts. A
 * mark, which is a noncharacter of Unicode that is in no text, is set behind the first letter of
 * the latter before a template sees them.
 */
final class Marks {
  /** Where nothing needs a mark. */
  static final char NONE = 0;

  private static final char FIRST = '\uFDD0';
  private static final char LAST = '\uFDEF';

  /** Longer ones first, as the tokenizer prefers them. */
  private final Map<Integer, List<String>> byFirstLetter = new HashMap<>();

  Marks(Collection<String> specialTokens) {
    specialTokens.stream()
        .filter(token -> !token.isEmpty())
        .sorted(Comparator.comparing(String::length).reversed())
        .forEach(
            token ->
                byFirstLetter
                    .computeIfAbsent(token.codePointAt(0), letter -> new ArrayList<>())
                    .add(token));
  }

  /** The special token at a place of the text, or null. */
  private String at(String text, int place) {
    for (String token : byFirstLetter.getOrDefault(text.codePointAt(place), List.of())) {
      if (text.startsWith(token, place)) {
        return token;
      }
    }
    return null;
  }

  /** The special token that a text begins with, or empty. */
  String first(String text) {
    String token = text.isEmpty() ? null : at(text, 0);
    return token == null ? "" : token;
  }

  boolean areNeeded(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (at(text, i) != null) {
        return true;
      }
    }
    return false;
  }

  /** A mark that stands in none of the texts, not even as an escape. */
  static char free(Iterable<String> texts) {
    for (char mark = FIRST; mark <= LAST; mark++) {
      if (isFree(mark, texts)) {
        return mark;
      }
    }
    throw new UserError(
        ErrorCode.INPUT_UNREADABLE,
        "Cannot encode a text: it holds every noncharacter from U+FDD0 to U+FDEF, and special tokens"
            + " as words. Remove the noncharacters.");
  }

  private static boolean isFree(char mark, Iterable<String> texts) {
    for (String text : texts) {
      if (text.indexOf(mark) >= 0 || text.contains(escape(mark))) {
        return false;
      }
    }
    return true;
  }

  /** How JSON in ASCII and Python's repr write the mark. */
  private static String escape(char mark) {
    return String.format(Locale.ROOT, "\\u%04x", (int) mark);
  }

  /** The text with its special tokens marked. */
  String marked(String text, char mark) {
    if (!areNeeded(text)) {
      return text;
    }
    StringBuilder marked = new StringBuilder();
    for (int i = 0; i < text.length(); ) {
      boolean special = at(text, i) != null;
      int letter = text.codePointAt(i);
      marked.appendCodePoint(letter);
      if (special) {
        marked.append(mark);
      }
      i += Character.charCount(letter);
    }
    return marked.toString();
  }

  /** A rendered text in which escapes of the mark are marks again. */
  static String restored(String rendered, char mark) {
    return rendered.replace(escape(mark), String.valueOf(mark));
  }

  static boolean areIn(String text, char mark) {
    return mark != NONE && text.indexOf(mark) >= 0;
  }

  /**
   * The text without marks.
   *
   * @param secret what to write for a special token that no mark forbids
   */
  Located unmarked(String text, char mark, UnaryOperator<String> secret) {
    Located plain = new Located();
    for (int i = 0; i < text.length(); ) {
      String token = at(text, i);
      int letter = text.codePointAt(i);
      if (token != null && !text.startsWith(String.valueOf(mark), i + token.length())) {
        plain.append(secret.apply(token), i);
        i += token.length();
      } else {
        if (letter != mark) {
          plain.append(Character.toString(letter), i);
        }
        i += Character.charCount(letter);
      }
    }
    return plain;
  }

  /** A text whose letters know where they stood before. */
  static final class Located {
    private final StringBuilder text = new StringBuilder();
    private int[] places = new int[64];
    private int letters;

    private void append(String part, int place) {
      text.append(part);
      for (int i = part.codePointCount(0, part.length()); i > 0; i--) {
        if (letters == places.length) {
          places = Arrays.copyOf(places, 2 * letters);
        }
        places[letters++] = place;
      }
    }

    String text() {
      return text.toString();
    }

    /** Where the n-th code point stood. */
    int place(int letter) {
      return letter < letters ? places[letter] : Integer.MAX_VALUE;
    }
  }
}
