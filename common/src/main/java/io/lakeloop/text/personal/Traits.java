package io.lakeloop.text.personal;

/** What a text holds at all, found in one pass, so that most patterns need not be tried on it. */
final class Traits {
  static final int AT = 1;
  static final int DIGITS_4 = 2;
  static final int DIGITS_7 = 4;
  static final int COLONS_2 = 8;
  static final int SCHEME = 16;
  static final int DOT_WITHIN = 32;
  static final int LONG_WORD = 64;
  private static final int LONG = 16;

  private Traits() {}

  static int of(String text) {
    int traits = 0;
    int digits = 0;
    int colons = 0;
    int run = 0;
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c >= '0' && c <= '9') {
        digits++;
        run++;
      } else if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-') {
        run++;
      } else {
        run = 0;
        if (c == '@') {
          traits |= AT;
        } else if (c == ':') {
          colons++;
          traits |= text.startsWith("//", i + 1) ? SCHEME : 0;
        } else if (c == '.' && i + 1 < length && Character.isLetterOrDigit(text.charAt(i + 1))) {
          traits |= DOT_WITHIN;
        }
      }
      traits |= run >= LONG ? LONG_WORD : 0;
    }
    traits |= digits >= 4 ? DIGITS_4 : 0;
    traits |= digits >= 7 ? DIGITS_7 : 0;
    traits |= colons >= 2 ? COLONS_2 : 0;
    return traits;
  }
}
