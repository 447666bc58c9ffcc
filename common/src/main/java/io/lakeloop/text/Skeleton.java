package io.lakeloop.text;

import com.ibm.icu.text.SpoofChecker;

/**
 * Text as a reader sees it, for matching only: case, punctuation and spacing taken out, and letters
 * that look alike made the same, as <a href="https://www.unicode.org/reports/tr39/">UTS 39</a> has
 * them (through ICU). Letters are folded one by one, and only where one plain letter or digit looks
 * like them; what is kept for reading is never folded.
 */
public final class Skeleton {
  private static final SpoofChecker CONFUSABLES = new SpoofChecker.Builder().build();

  /** Folded character by character; 0 where it was not asked for yet. */
  private static final char[] FOLDED = new char[1 << 16];

  private Skeleton() {}

  /** The text's skeleton: words of folded letters and digits with one space between them. */
  public static String of(String text) {
    char[] out = new char[text.length()];
    int length = 0;
    boolean gap = false;
    for (int i = 0; i < text.length(); i++) {
      char c = fold(text.charAt(i));
      if (c == ' ') {
        gap = length > 0;
      } else {
        if (gap) {
          out[length++] = ' ';
          gap = false;
        }
        out[length++] = c;
      }
    }
    return new String(out, 0, length);
  }

  /** Words in which letters of other scripts pass for Latin ones. */
  static int disguisedWords(String text) {
    int words = 0;
    boolean latin = false;
    boolean alike = false;
    for (int i = 0; i <= text.length(); i++) {
      char c = i < text.length() ? text.charAt(i) : ' ';
      if (Character.isLetter(c)) {
        latin |= c < 128;
        alike |= c >= 0x370 && c < 0x2000 && fold(c) < 128;
      } else {
        words += latin && alike ? 1 : 0;
        latin = false;
        alike = false;
      }
    }
    return words;
  }

  private static char fold(char c) {
    char known = FOLDED[c];
    if (known == 0) {
      // Threads may do this twice, with the same result.
      known = foldOnce(c);
      FOLDED[c] = known;
    }
    return known;
  }

  private static char foldOnce(char c) {
    if (Character.isSurrogate(c)) {
      return c;
    }
    if (!Character.isLetterOrDigit(c)) {
      return Character.getType(c) == Character.NON_SPACING_MARK ? c : ' ';
    }
    char lower = Character.toLowerCase(c);
    if (lower < 128) {
      return plain(lower);
    }
    String alike = CONFUSABLES.getSkeleton(String.valueOf(lower));
    boolean one = alike.length() == 1 && alike.charAt(0) < 128;
    return one && Character.isLetterOrDigit(alike.charAt(0))
        ? plain(Character.toLowerCase(alike.charAt(0)))
        : lower;
  }

  /** ICU holds 1 and l, 0 and O for alike. */
  private static char plain(char c) {
    return switch (c) {
      case '0' -> 'o';
      case '1' -> 'l';
      default -> c;
    };
  }
}
