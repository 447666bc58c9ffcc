package io.lakeloop.text.personal;

/**
 * Where words end in scripts that put no blanks between them (Chinese, Japanese, Thai, Lao, Khmer,
 * Burmese) or write endings to whatever stands before (Korean): a number or an address that touches
 * such letters is not part of their word.
 */
final class WordBreaks {
  /** A letter of these scripts; a character class. */
  static final String LETTER =
      "[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\\p{IsHangul}\\p{IsThai}\\p{IsLao}\\p{IsKhmer}"
          + "\\p{IsMyanmar}ー]";

  /** White space that no cleaned text holds: cleaning takes control characters out. */
  private static final char BREAK = '\u000B';

  private WordBreaks() {}

  /** The text with a break for each letter of these scripts, character by character. */
  static String shown(String text) {
    char[] out = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= '\u0E00' && isUnparted(c)) {
        out = out == null ? text.toCharArray() : out;
        out[i] = BREAK;
      }
    }
    return out == null ? text : new String(out);
  }

  private static boolean isUnparted(char c) {
    return c <= '\u0EFF' // Thai, Lao
        || c >= '\u1000' && c <= '\u109F' // Burmese
        || c >= '\u1100' && c <= '\u11FF' // Hangul, in parts
        || c >= '\u1780' && c <= '\u17FF' // Khmer
        || c >= '\u3005' && c <= '\u3007'
        || c >= '\u3040' && c <= '\u31FF' // kana, Bopomofo, Hangul
        || c >= '\u3400' && c <= '\u9FFF' && (c <= '\u4DBF' || c >= '\u4E00')
        || c >= '\uAC00' && c <= '\uD7FF'
        || isHanSurrogate(c)
        || c >= '\uF900' && c <= '\uFAFF'
        || c >= '\uFF66' && c <= '\uFFDC';
  }

  /** The first halves of Han beyond the plane of 65,536; the second halves are no letters alone. */
  private static boolean isHanSurrogate(char c) {
    return c >= '\uD840' && c <= '\uD88D';
  }
}
