package io.lakeloop.text;

import java.text.Normalizer;
import java.util.Map;
import java.util.TreeMap;

/**
 * Brings text to one form: NFKC, without characters that cannot be seen, plain spacing; and counts
 * what it changed. Not thread-safe: one per record.
 */
public final class Sanitiser {
  private static final int TAGS_FIRST = 0xE0000;
  private static final int TAGS_LAST = 0xE007F;

  private final Map<String, Integer> changes = new TreeMap<>();

  /** Cleans a text whose changes nobody counts. */
  public static String clean(String text) {
    return new Sanitiser().apply(text);
  }

  /**
   * What was changed so far: characters by kind, which is one of nfkc, invalid_utf8, control,
   * zero_width, bidi, homoglyph (these are counted by word and left as they are).
   */
  public Map<String, Integer> changes() {
    return changes;
  }

  /** The text in its one form. */
  public String apply(String text) {
    if (isPlain(text)) {
      return text;
    }
    String seen = withoutInvisible(text);
    if (!Normalizer.isNormalized(seen, Normalizer.Form.NFKC)) {
      count("nfkc", denormalised(seen));
      // Normalising can bring forth spaces that are folded below, never invisible characters.
      seen = Normalizer.normalize(seen, Normalizer.Form.NFKC);
    }
    int disguised = Skeleton.disguisedWords(seen);
    if (disguised > 0) {
      count("homoglyph", disguised);
    }
    return spaced(seen);
  }

  /** True for ASCII that is spaced already, as most text is. */
  private static boolean isPlain(String text) {
    char before = ' ';
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c > '~' || (c < ' ' && c != '\n') || (c == ' ' && before == ' ')) {
        return false;
      }
      before = c == '\n' && i == 0 ? ' ' : c;
    }
    return text.isEmpty() || (before > ' ' && text.charAt(0) > ' ');
  }

  private String withoutInvisible(String text) {
    StringBuilder out = new StringBuilder(text.length());
    int step;
    for (int i = 0; i < text.length(); i += step) {
      int c = text.codePointAt(i);
      step = Character.charCount(c);
      String kind = invisible(c, text, i);
      if (kind == null) {
        out.appendCodePoint(c);
      } else if (c == '\r') {
        if (i + 1 == text.length() || text.charAt(i + 1) != '\n') {
          out.append('\n');
        }
      } else {
        count(kind, 1);
      }
    }
    return out.toString();
  }

  /** The kind of a character that must go, or null. */
  private static String invisible(int c, String text, int at) {
    if (c >= ' ' && c <= '~' || c == '\n' || c == '\t') {
      return null;
    }
    if (c == 0xFFFD || (c >= 0xD800 && c <= 0xDFFF)) {
      return "invalid_utf8";
    }
    if (Character.getType(c) == Character.CONTROL) {
      return "control";
    }
    if (c >= 0x202A && c <= 0x202E
        || c >= 0x2066 && c <= 0x2069
        || c == 0x200E
        || c == 0x200F
        || c == 0x061C) {
      return "bidi";
    }
    boolean joiner = c == 0x200C || c == 0x200D;
    boolean zeroWidth =
        c == 0x200B
            || c == 0x2060
            || c == 0x2061
            || c == 0x2062
            || c == 0x2063
            || c == 0x2064
            || c == 0xFEFF
            || c == 0x00AD
            || c == 0x180E
            || c == 0x034F
            || c >= TAGS_FIRST && c <= TAGS_LAST
            || joiner && !joins(text, at);
    return zeroWidth ? "zero_width" : null;
  }

  /** Joiners belong to emoji and to Arabic and Indic scripts; elsewhere they only hide. */
  private static boolean joins(String text, int at) {
    if (at == 0 || at + 1 >= text.length()) {
      return false;
    }
    int before = text.codePointBefore(at);
    int after = text.codePointAt(at + 1);
    boolean emoji =
        (before >= 0x2190 || before == 0xFE0F)
            && !Character.isLetter(before)
            && after >= 0x2190
            && !Character.isLetter(after);
    return emoji || (isJoiningLetter(before) && isJoiningLetter(after));
  }

  private static boolean isJoiningLetter(int c) {
    return c >= 0x0600 && c <= 0x0DFF && (Character.isLetter(c) || Character.getType(c) <= 8);
  }

  private static int denormalised(String text) {
    int changed =
        (int)
            text.codePoints()
                .filter(c -> c > '~')
                .filter(c -> !Normalizer.isNormalized(Character.toString(c), Normalizer.Form.NFKC))
                .count();
    // Letters that only combine are none of them by themselves.
    return Math.max(1, changed);
  }

  /** One space for each run within a line; indentation stays, since code means something by it. */
  private static String spaced(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean lineStart = true;
    boolean space = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ' ' || c == '\t') {
        if (lineStart) {
          out.append(c);
        }
        space = !lineStart;
      } else {
        if (space && c != '\n') {
          out.append(' ');
        }
        out.append(c);
        space = false;
        lineStart = c == '\n';
      }
    }
    return out.toString().strip();
  }

  private void count(String kind, int times) {
    changes.merge(kind, times, Integer::sum);
  }
}
