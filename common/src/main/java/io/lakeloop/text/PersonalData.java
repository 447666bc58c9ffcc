package io.lakeloop.text;

import java.math.BigInteger;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Kinds of personal data that a pattern and, where there is one, a checksum can find. Names and
 * postal addresses are not among them.
 */
enum PersonalData {
  EMAIL("[\\p{L}0-9._%+-]+@[\\p{L}0-9-]+(?:\\.[\\p{L}0-9-]+)*\\.\\p{L}{2,24}", text -> true),
  /** ISO 13616: the rearranged number leaves 1 when divided by 97. */
  IBAN("\\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\\b", PersonalData::isIban),
  /** ISO/IEC 7812: 13 to 19 digits under Luhn's check. */
  CARD("(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])", PersonalData::isCard),
  SSN(
      "(?<![0-9-])(?!000|666|9[0-9]{2})[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9-])",
      text -> true),
  IP(
      "(?<![0-9.])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(?![0-9]|\\.[0-9])",
      text -> true),
  /** E.164 or national notation with 9 to 15 digits. */
  PHONE(
      "(?<![\\p{L}0-9])(?:\\+|00)?\\(?[0-9](?:[ ()./-]{0,2}[0-9]){7,14}(?![ ()./-]{0,2}[0-9])",
      PersonalData::isPhone);

  private final Pattern pattern;
  private final Predicate<String> valid;

  PersonalData(String pattern, Predicate<String> valid) {
    this.pattern = Pattern.compile(pattern);
    this.valid = valid;
  }

  /** In the order in which they are looked for: what has a checksum goes before what has none. */
  static final List<PersonalData> KINDS = List.of(values());

  Matcher matcher(String text) {
    return pattern.matcher(text);
  }

  boolean accepts(String found) {
    return valid.test(found);
  }

  private static String digits(String text) {
    return text.replaceAll("[^0-9]", "");
  }

  private static boolean isCard(String text) {
    String digits = digits(text);
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(digits.length() - 1 - i) - '0';
      int weighted = i % 2 == 0 ? digit : 2 * digit;
      sum += weighted > 9 ? weighted - 9 : weighted;
    }
    return digits.length() >= 13 && sum % 10 == 0;
  }

  private static boolean isIban(String text) {
    String compact = text.replace(" ", "");
    if (compact.length() < 15 || compact.length() > 34) {
      return false;
    }
    StringBuilder number = new StringBuilder();
    for (char c : (compact.substring(4) + compact.substring(0, 4)).toCharArray()) {
      number.append(Character.getNumericValue(c));
    }
    return new BigInteger(number.toString()).mod(BigInteger.valueOf(97)).intValue() == 1;
  }

  private static boolean isPhone(String text) {
    int digits = digits(text).length();
    return digits >= 9 && digits <= 15 && !text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}.*");
  }
}
