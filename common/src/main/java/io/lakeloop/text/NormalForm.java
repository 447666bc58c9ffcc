package io.lakeloop.text;

import com.ibm.icu.text.Normalizer2;
import io.lakeloop.config.Digest;

/**
 * What makes two texts the same: their form after
 *
 * <ol>
 *   <li>NFKC_Casefold of the Unicode Standard (section 3.13): compatibility forms as plain ones,
 *       case aside, without characters that are never shown, such as variation selectors;
 *   <li>dashes and minus signs as {@code -}, curly quotation marks as straight ones;
 *   <li>runs of white space as one space, none at either end.
 * </ol>
 *
 * Everything else counts: punctuation, signs, comparisons, numbers, emoji.
 */
public final class NormalForm {
  private static final Normalizer2 CASEFOLD = Normalizer2.getNFKCCasefoldInstance();
  private static final int HASH_DIGITS = 32;

  private NormalForm() {}

  /** The text's form. */
  public static String of(String text) {
    String folded = isAscii(text) ? text : CASEFOLD.normalize(text);
    StringBuilder out = new StringBuilder(folded.length());
    boolean gap = false;
    for (int i = 0; i < folded.length(); i++) {
      char c = folded.charAt(i);
      if (Character.isWhitespace(c)) {
        gap = out.length() > 0;
      } else {
        if (gap) {
          out.append(' ');
          gap = false;
        }
        out.append(sign(c));
      }
    }
    return out.toString();
  }

  /** Content hash: the first 128 bits of the form's SHA-256. */
  public static String hash(String text) {
    return Digest.of(of(text)).substring(0, HASH_DIGITS);
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) > '~') {
        return false;
      }
    }
    return true;
  }

  private static char sign(char c) {
    if (c <= '~') {
      return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
    }
    return switch (c) {
      case '\u2018', '\u2019', '\u201A', '\u201B' -> '\'';
      case '\u201C', '\u201D', '\u201E', '\u201F' -> '"';
      case '\u2212' -> '-';
      default -> Character.getType(c) == Character.DASH_PUNCTUATION ? '-' : c;
    };
  }
}
