package io.lakeloop.text.personal;

import io.lakeloop.text.personal.Anchors.Anchor;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Postal codes of digits by where they stand in an address: behind a state, a country or a place,
 * before a place, behind a street's number, on a line of their own. The form alone says little,
 * since orders, prices and years have it, too.
 */
final class PostalCodes {
  private static final int BEFORE = 160;

  private static final int AFTER = 48;

  private static final int FEWEST_DIGITS = 3;

  private static final int LONGEST = 10;

  private static final Pattern CODE =
      Pattern.compile(
          "(?:\\d{5}-\\d{3,4}|\\d{4}-\\d{3}|\\d{3}-\\d{4}|\\d{2}-\\d{3}|\\d{3} \\d{2,3}|\\d{4} ?[A-Z]{2}"
              + "|\\d{3,6})(?![\\p{L}\\p{N}%°$€£]|[.,:/-]\\d|-\\p{L})");

  private static final Pattern UNPARTED_WORD_BEFORE =
      Pattern.compile("(?:邮编|郵編|邮政编码|郵遞區號|郵便番号|우편번호|รหัสไปรษณีย์|〒)[はが是为為은는]?[:：]? ?$");

  private static final Pattern JAPANESE_PLACE = Pattern.compile("^\\s?[\\p{IsHan}]{2,4}[都道府県市区郡]");

  private PostalCodes() {}

  /**
   * Adds what is found at the text's anchors.
   *
   * @param text as {@link WordBreaks} show it
   * @param said the same with its words
   */
  static void find(String text, String said, Anchors anchors, List<Finding> found) {
    Matcher matcher = null;
    for (int i = 0; i < anchors.count(Anchor.DIGITS); i++) {
      if (anchors.weight(Anchor.DIGITS, i) < FEWEST_DIGITS) {
        continue;
      }
      for (int at = anchors.start(Anchor.DIGITS, i); at < anchors.end(Anchor.DIGITS, i); at++) {
        if (begins(text, at)) {
          matcher =
              matcher == null
                  ? CODE.matcher(text).useTransparentBounds(true).useAnchoringBounds(false)
                  : matcher;
          if (matcher.region(at, Math.min(text.length(), at + LONGEST)).lookingAt()) {
            add(text, said, matcher, found);
          }
        }
      }
    }
  }

  private static boolean begins(String text, int at) {
    if (!isDigit(text.charAt(at))) {
      return false;
    }
    char before = at == 0 ? '\n' : text.charAt(at - 1);
    char further = at < 2 ? ' ' : text.charAt(at - 2);
    return before == ','
        ? Character.isLetter(further)
        : before == '-'
            ? further >= 'A' && further <= 'Z'
            : !Character.isLetterOrDigit(before) && ".$€£¥#+/@_&='\"*:".indexOf(before) < 0;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static void add(String text, String said, Matcher match, List<Finding> found) {
    int start = match.start();
    int end = match.end();
    String code = match.group();
    String before = text.substring(Math.max(0, start - BEFORE), start);
    String behind = text.substring(end, Math.min(text.length(), end + AFTER));
    double confidence = new PostalPlace(code, before, behind).confidence();
    if (!said.equals(text)) {
      confidence = Math.max(confidence, unparted(code, said, start, end));
    }
    if (confidence > 0) {
      found.add(new Finding(Kind.POSTAL_CODE, start, end, confidence));
    }
  }

  private static double unparted(String code, String said, int start, int end) {
    String before = said.substring(Math.max(0, start - BEFORE), start);
    if (UNPARTED_WORD_BEFORE.matcher(before).find()) {
      return 0.8;
    }
    return code.matches("\\d{3}-\\d{4}")
            && JAPANESE_PLACE.matcher(said.substring(end, Math.min(said.length(), end + 8))).find()
        ? 0.6
        : 0;
  }
}
