package io.lakeloop.text.personal;

import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers that name things, times or amounts, and no person: by the words before them, or by their
 * own form and check digit.
 */
final class OtherNumbers {
  private static final int LOOK_BACK = 40;
  private static final int LONGEST_GTIN = 14;
  private static final int LONGEST_WORD = 80;

  /** These alone say what the number is. */
  private static final String THINGS =
      "order|orders|bestellung|auftrag|commande|pedido|ordine|encomenda"
          + "|invoice|rechnung|facture|factura|fattura|fatura|receipt|ticket|case|incident|claim|card"
          + "|security|iban|zip|tracking|shipment|sendung|parcel|awb|ref|reference|account|acct|konto"
          + "|article|artikel|item|part|serial|sku|model|batch|lot|licen[cs]e|confirmation"
          + "|booking|reservation|policy|contract|quote|voucher|transaction|txn|isbn|isbn-?1[03]|issn"
          + "|ean|ean-?13|upc|gtin|barcode|asin|imei|vin|meeting|webinar|passcode|pin|otp|version"
          + "|release|build|firmware|kernel|revision|commit|id|timestamp|epoch|unix time|pages?|pp"
          + "|patent|doi|pmid|arxiv|po|purchase order|job|request|vorgang";

  /** These say so with "number" or the like behind them. */
  private static final String PARTIES =
      "customer|client|user|member|membership|loyalty|message|session|conference|room|device|product|document"
          + "|file|id|record|error|payment|channel|thread|employee|student|patient|kunden|vertrags"
          + "|artikel|bestell|rechnungs|auftrags|sendungs|seriennr|serien|mitglieds|vorgangs";

  private static final String NUMBER =
      "(?: ?-?(?:numbers?|numéro|número|numero|nummer|no\\.?|nr\\.?|n°|num|ids?|codes?|key))";

  private static final Pattern NAMED =
      Pattern.compile(
          "(?:(?<![\\p{L}\\p{N}])(?:(?:"
              + THINGS
              + ")"
              + NUMBER
              + "?|(?:"
              + PARTIES
              + ")"
              + NUMBER
              + ")(?: is| was| are| lautet| ist| est| es|'s)? ?[:#=]{0,2} ?[\\[(\"'#]?"
              + ")$",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern NAMED_UNPARTED =
      Pattern.compile(
          "(?:订单|工单|快递单|发票|会议|流水|商品|注文|会員|請求書?|追跡|주문|송장|회의)"
              + "[号號编編番]*(?:号码|番号|ID|번호)?[はが是为為은는]? ?[:：]? ?$");

  private static final Pattern NAMED_BEHIND =
      Pattern.compile(
          "^ (?:is|was) (?:my|the|our|your|an?) (?:"
              + THINGS
              + "|(?:"
              + PARTIES
              + ")"
              + NUMBER
              + ")(?![\\p{L}\\p{N}])",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern VERSION =
      Pattern.compile(
          "(?<![\\p{L}\\p{N}])(?:versions?|releases?|builds?|firmware|driver|kernel|revision|rev|ver|v|fw"
              + "|patch|hotfix"
              + "|python|jdk|jre|java|node|chrome|firefox|edge|safari|windows|macos|ios|android|linux|openssl"
              + "|nginx|apache|mysql|postgres|postgresql|docker|kubernetes|php|ruby|golang|dotnet)(?: (?:no\\.?|number|is|to|from|of))? ?[.:#=]? ?v?"
              + "(?:\\d+(?:\\.\\d+)+,? ?(?:and|or|to|und|bis|through|->|-)? ?v?){0,4}$",
          Pattern.CASE_INSENSITIVE);

  /** Words before a number that a bookshop or a warehouse gave. */
  private static final Pattern GOODS =
      Pattern.compile(
          "(?<![\\p{L}\\p{N}])(?:isbn|issn|ean|upc|gtin|barcode|bar code|strichcode|code-barres)"
              + "(?:-?1?[0-48])?(?: ?(?:numbers?|codes?|no\\.?|nr\\.?))?(?: is| ist| est)? ?[:#=]? ?$",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern ISBN_10 =
      Pattern.compile("\\d{1,5}([ -])\\d{1,7}\\1\\d{1,7}\\1[\\dX]");
  private static final Pattern DOTTED = Pattern.compile("\\d+(?:\\.\\d+){2,}");
  private static final Pattern DIALLED =
      Pattern.compile(
          "1?\\.?\\d{3}\\.\\d{3}\\.\\d{4}|0\\d(?:\\.\\d{2}){4}|0\\d{1,4}(?:\\.\\d{2,8})+");
  private static final Pattern YEARS = Pattern.compile("(?:1[89]|20)\\d{2} ?- ?(?:1[89]|20)\\d{2}");
  private static final Pattern ROUND_RANGE = Pattern.compile("(\\d+00) ?- ?(\\d+00)");
  private static final Pattern DIGEST =
      Pattern.compile(
          "(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{32,128}"
              + "|(?=[0-9]{0,39}[a-fA-F])[0-9a-fA-F]{7,40})");

  private OtherNumbers() {}

  /** True if the words right before or behind the place say what number it is. */
  static boolean named(String text, int start, int end) {
    return ends(NAMED, text, start)
        || NAMED_BEHIND.matcher(text).region(end, text.length()).lookingAt();
  }

  /** The same by words of scripts without blanks. */
  static boolean namedUnparted(String text, int start) {
    return ends(NAMED_UNPARTED, text, start);
  }

  /** True if the words right before the place speak of a version of something. */
  static boolean version(String text, int start) {
    return ends(VERSION, text, start);
  }

  private static boolean ends(Pattern words, String text, int end) {
    return words.matcher(text).region(Math.max(0, end - LOOK_BACK), end).find();
  }

  /** True if it cannot be dialled or charged, whatever the words near it are. */
  static boolean isThing(String text, int start, int end) {
    String number = text.substring(start, end);
    String digits = Checksums.digits(number);
    return isBook(number, digits)
        || isDottedVersion(number)
        || isRange(number)
        || digits.length() <= LONGEST_GTIN && ends(GOODS, text, start)
        || isInDigest(text, start, end);
  }

  /** ISBN of 13 digits, or of 10 in the four groups that it is printed in. */
  private static boolean isBook(String number, String digits) {
    boolean ean = digits.length() == 13 && digits.matches("97[89].*") && Checksums.ean(digits);
    return ean && !number.startsWith("+")
        || number.length() == 13
            && ISBN_10.matcher(number).matches()
            && Checksums.isbn10(number.replaceAll("[ -]", ""));
  }

  /** Groups parted by full stops, where one is too short to be dialled as a group. */
  private static boolean isDottedVersion(String number) {
    return DOTTED.matcher(number).matches()
        && !DIALLED.matcher(number).matches()
        && number.matches(".*\\.\\d(?:\\..*)?|\\d\\..*|.*\\.\\d{5,}");
  }

  private static boolean isRange(String number) {
    Matcher range = ROUND_RANGE.matcher(number);
    return YEARS.matcher(number).matches()
        || range.matches()
            && range.group(1).length() <= range.group(2).length()
            && Long.parseLong(range.group(1)) < Long.parseLong(range.group(2));
  }

  /** Within the digits of a UUID or a hash. */
  private static boolean isInDigest(String text, int start, int end) {
    int from = edge(text, start, -1);
    int to = edge(text, end - 1, 1) + 1;
    return to - from <= 130
        && (from < start || to > end)
        && DIGEST.matcher(text).region(from, to).matches();
  }

  /** The last place in a direction that letters, digits and hyphens reach. */
  private static int edge(String text, int at, int step) {
    Predicate<Integer> inside =
        i ->
            i >= 0
                && i < text.length()
                && (Character.isLetterOrDigit(text.charAt(i)) || text.charAt(i) == '-');
    int edge = at;
    for (int n = 0; n < LONGEST_WORD && inside.test(edge + step); n++) {
      edge += step;
    }
    return edge;
  }
}
