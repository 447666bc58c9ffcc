package io.lakeloop.text.personal;

import io.lakeloop.text.personal.Anchors.Anchor;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * International bank account numbers (ISO 13616): a country, the length that it has them in, and a
 * checksum; in capital or small letters, with a blank or a hyphen wherever people put one.
 */
final class Ibans {
  private static final double CONFIDENCE = 0.95;
  private static final int FEWEST_DIGITS = 7;
  private static final int LONGEST_FIRST_GROUP = 5;

  /** SWIFT's register: the countries of each length. */
  private static final Map<String, Integer> LENGTHS = new HashMap<>();

  static {
    Map.ofEntries(
            Map.entry(15, "NO"),
            Map.entry(16, "BE"),
            Map.entry(18, "DK FI FK FO GL NL SD"),
            Map.entry(19, "MK SI"),
            Map.entry(20, "AT BA EE KZ LT LU MN XK"),
            Map.entry(21, "CH HR LI LV"),
            Map.entry(22, "BG BH CR DE GB GE IE ME RS VA"),
            Map.entry(23, "AE GI IL IQ OM SO TL"),
            Map.entry(24, "AD CZ DZ ES MD PK RO SA SE SK TN VG"),
            Map.entry(25, "AO CV LY MZ PT ST"),
            Map.entry(26, "IR IS TR"),
            Map.entry(27, "BF BI CF CG CM DJ FR GA GQ GR IT KM MC MG MR SM TD"),
            Map.entry(28, "AL AZ BJ BY CI CY DO GT GW HN HU LB MA ML NE NI PL SN SV TG UA"),
            Map.entry(29, "BR EG PS QA"),
            Map.entry(30, "JO KW MU YE"),
            Map.entry(31, "MT SC"),
            Map.entry(32, "LC"),
            Map.entry(33, "RU"))
        .forEach(
            (length, countries) -> {
              for (String country : countries.split(" ")) {
                LENGTHS.put(country, length);
              }
            });
  }

  private Ibans() {}

  /** Adds what is found at the text's anchors. */
  static void find(String text, Anchors anchors, List<Finding> found) {
    int done = 0;
    for (int i = 0; i < anchors.count(Anchor.DIGITS); i++) {
      if (anchors.weight(Anchor.DIGITS, i) >= FEWEST_DIGITS) {
        int from = Math.max(done, anchors.start(Anchor.DIGITS, i) - LONGEST_FIRST_GROUP);
        for (int at = from; at + 3 < anchors.end(Anchor.DIGITS, i); at++) {
          int end = begins(text, at) ? end(text, at) : 0;
          if (end > 0) {
            found.add(new Finding(Kind.IBAN, at, end, CONFIDENCE));
            at = end;
          }
        }
        done = anchors.end(Anchor.DIGITS, i);
      }
    }
  }

  /** Two letters and two digits at the beginning of a word. */
  private static boolean begins(String text, int at) {
    return isLetter(text.charAt(at))
        && isLetter(text.charAt(at + 1))
        && !(at > 0 && Character.isLetterOrDigit(text.charAt(at - 1)))
        && isDigit(text, at + 2)
        && isDigit(text, at + 3);
  }

  private static boolean isLetter(char c) {
    return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
  }

  private static boolean isDigit(String text, int at) {
    return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
  }

  /** The end of the number that begins there, 0 if none does. */
  private static int end(String text, int start) {
    String country = text.substring(start, start + 2).toUpperCase(Locale.ROOT);
    int length = LENGTHS.getOrDefault(country, 0);
    StringBuilder compact = new StringBuilder(length);
    int at = start;
    while (compact.length() < length && at < text.length()) {
      char c = text.charAt(at);
      if (isLetter(c) || isDigit(text, at)) {
        compact.append(Character.toUpperCase(c));
      } else if ((c != ' ' && c != '-') || !isAlphanumeric(text, at + 1)) {
        return 0;
      }
      at++;
    }
    boolean whole = at == text.length() || !Character.isLetterOrDigit(text.charAt(at));
    return length > 0 && compact.length() == length && whole && Checksums.iban(compact.toString())
        ? at
        : 0;
  }

  private static boolean isAlphanumeric(String text, int at) {
    return at < text.length() && (isLetter(text.charAt(at)) || isDigit(text, at));
  }
}
