package io.lakeloop.text.personal;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.Phonenumber.PhoneNumber;
import io.lakeloop.text.personal.Anchors.Anchor;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Telephone numbers: those that a numbering plan knows (libphonenumber), and other groups of digits
 * in the form of one, which words near them make likelier.
 */
final class Phones {
  private static final PhoneNumberUtil PLANS = PhoneNumberUtil.getInstance();
  private static final Pattern CANDIDATE =
      Pattern.compile(
          "(?<![\\p{L}\\p{N}._@/#$€£-]|\\d:)(?:\\+|00)?\\(?\\d(?:[ ./()\\u2010-\\u2015-]{0,2}\\d){6,14}"
              + "(?: ?(?:x|ext\\.?|extension|#) ?\\d{1,6})?(?![\\p{L}\\p{N}]|[.,-]\\d)");
  private static final Pattern EXTENSION = Pattern.compile(" ?(?:x|ext\\.?|extension|#) ?\\d+$");
  private static final Pattern GROUP = Pattern.compile("\\d+");
  private static final Pattern DATE =
      Pattern.compile(
          "(?:19|20)\\d{2}[./ -]\\d{1,2}[./ -]\\d{1,2}(?!\\d).*|\\d{1,2}[./-]\\d{1,2}[./-](?:19|20)\\d{2}(?!\\d).*");

  /** A social security number, an IP address. */
  private static final Pattern OTHER_FORM =
      Pattern.compile("\\d{3}-\\d{2}-\\d{4}|\\d{1,3}(?:\\.\\d{1,3}){3}");

  private static final Pattern THOUSANDS = Pattern.compile("\\d{1,3}(?:[ .]\\d{3})+");
  private static final Pattern CONTEXT =
      Rule.words(
          "phones?|telephones?|tel|mobiles?|cell|cellphone|fax|desk|office|call|calls|called|calling|ring"
              + "|reach|contact|dial|text|sms|whatsapp|messages?|answering|registered|hotline"
              + "|telefon*|handy|anrufen|rufnummer|téléphone|appel*|portable|teléfono|móvil|llam*"
              + "|telefono|cellulare|chiam*|celular|telefone|bel|bellen");
  private static final Pattern UNPARTED_CONTEXT =
      Pattern.compile(
          "电话|電話|手机|手機|拨打|撥打|致电|来电|联系|聯絡|短信|打给|携帯|連絡|전화|휴대폰|핸드폰|연락|문자|โทร|มือถือ|เบอร์");
  private static final Map<Character.UnicodeScript, List<String>> REGIONS =
      Map.of(
          Character.UnicodeScript.HAN, List.of("CN", "JP", "TW", "HK"),
          Character.UnicodeScript.HIRAGANA, List.of("JP"),
          Character.UnicodeScript.KATAKANA, List.of("JP"),
          Character.UnicodeScript.HANGUL, List.of("KR"),
          Character.UnicodeScript.THAI, List.of("TH"));
  private static final int NEAR = 12;
  private static final double BOOST = 0.35;
  private static final int SHORT = 9;
  private static final int FEWEST_DIGITS = 7;
  private static final int LONGEST_NATIONAL = 12;

  private final List<String> regions;

  /**
   * @param regions ISO 3166 codes of the countries whose national notation is known
   */
  Phones(List<String> regions) {
    this.regions = regions;
  }

  /** Adds what is found at the text's anchors. */
  void find(String text, String said, Anchors anchors, List<Finding> found) {
    for (int i = 0; i < anchors.count(Anchor.DIGITS); i++) {
      if (anchors.weight(Anchor.DIGITS, i) >= FEWEST_DIGITS) {
        find(text, said, anchors.start(Anchor.DIGITS, i), anchors.end(Anchor.DIGITS, i), found);
      }
    }
  }

  private void find(String text, String said, int start, int end, List<Finding> found) {
    Matcher matcher =
        CANDIDATE
            .matcher(text)
            .useTransparentBounds(true)
            .region(Math.max(0, start - 4), Math.min(text.length(), end + 2));
    boolean unparted = !said.equals(text);
    while (matcher.find()) {
      int from = matcher.start();
      int to = matcher.end();
      double plain =
          OtherNumbers.isThing(text, from, to)
              ? 0
              : confidence(matcher.group(), unparted ? regionsNear(said, from, to) : List.of());
      if (plain > 0) {
        boolean other =
            OtherNumbers.named(text, from, to)
                || unparted && OtherNumbers.namedUnparted(said, from);
        boolean likely =
            Rule.near(CONTEXT, text, from, to)
                || unparted && Rule.near(UNPARTED_CONTEXT, said, from, to);
        double inContext = other ? plain - BOOST : likely ? Math.min(1, plain + BOOST) : plain;
        found.add(new Finding(Kind.PHONE, from, to, inContext));
      }
    }
  }

  private double confidence(String candidate, List<String> near) {
    String number = EXTENSION.matcher(candidate).replaceFirst("");
    String digits = Checksums.digits(number);
    if (digits.length() < 7 || digits.length() > 15 || DATE.matcher(number).matches()) {
      return 0;
    }
    if (number.startsWith("+") || number.startsWith("00")) {
      String international = "+" + digits.replaceFirst("^00", "");
      PhoneNumber parsed = parse(international, null);
      boolean extension = number.length() < candidate.length();
      return parsed != null && PLANS.isValidNumber(parsed) ? 0.95 : extension ? 0.8 : 0.6;
    }
    if (OTHER_FORM.matcher(number).matches()) {
      return 0;
    }
    int groups = (int) GROUP.matcher(number).results().count();
    if (digits.length() < SHORT && !number.startsWith("(")) {
      // Postal codes and amounts look like this, too.
      return 0.35;
    }
    if (digits.length() <= LONGEST_NATIONAL
        && near.stream().anyMatch(region -> isValid(number, region))) {
      return digits.length() >= SHORT ? 0.6 : 0.4;
    }
    if (digits.length() <= LONGEST_NATIONAL
        && regions.stream().anyMatch(region -> isValid(number, region))) {
      return groups > 1 ? 0.65 : 0.4;
    }
    return groups > 1 ? form(number, candidate, groups) : digits.length() <= 13 ? 0.2 : 0;
  }

  /** Countries whose script stands near the place. */
  private static List<String> regionsNear(String said, int start, int end) {
    for (int i = Math.max(0, start - NEAR); i < Math.min(said.length(), end + NEAR); i++) {
      char c = said.charAt(i);
      List<String> regions = c < '\u0E00' ? null : REGIONS.get(Character.UnicodeScript.of(c));
      if (regions != null) {
        return regions;
      }
    }
    return List.of();
  }

  /** How much groups of digits look like a number to dial. */
  private static double form(String number, String candidate, int groups) {
    if (THOUSANDS.matcher(number).matches() && groups <= 3) {
      return 0.2;
    }
    boolean extension = number.length() < candidate.length();
    boolean parenthesised = number.startsWith("(");
    return extension || parenthesised ? 0.6 : groups >= 3 ? 0.5 : 0.35;
  }

  private static boolean isValid(String number, String region) {
    PhoneNumber parsed = parse(number, region);
    return parsed != null && PLANS.isValidNumberForRegion(parsed, region);
  }

  private static PhoneNumber parse(String number, String region) {
    try {
      return PLANS.parse(number, region);
    } catch (NumberParseException e) {
      return null;
    }
  }
}
