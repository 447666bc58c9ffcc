package io.lakeloop.text.personal;

import io.lakeloop.text.personal.Anchors.Anchor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
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

  /** How far a few words reach, and a place with its region. */
  private static final int WORDS = 24;

  private static final int REACH = 48;

  private static final Pattern CODE =
      Pattern.compile(
          "(?:\\d{5}-\\d{3,4}|\\d{4}-\\d{3}|\\d{3}-\\d{4}|\\d{2}-\\d{3}|\\d{3} \\d{2,3}|\\d{4} ?[A-Z]{2}"
              + "|\\d{3,6})(?![\\p{L}\\p{N}%°$€£]|[.,:/-]\\d|-\\p{L})");

  private static final Pattern PREFIX =
      Pattern.compile(
          "(?<![\\p{L}\\p{N}-])(?:DE?|AT?|CH|FR?|IT?|ES?|BE?|LU?|NL?|DK|SE?|NO|FIN?|PL|CZ|SK|HU?|PT?|GR|HR|SI"
              + "|RO|BG|LT|LV|EE|MD|FL|LI|MC|AD)-$");

  /** The quantities and times of which there are five digits. */
  private static final String UNITS =
      "(?:EUR|USD|GBP|CHF|JPY|Euros?|Dollars?|Pounds?|Franken|Francs|Rupees|Kilometers?|Kilomètres|Meters?"
          + "|Metres?|Miles|Feet|Steps|Stück|Seiten|Pages|Zeichen|Wörtern?|Words|Minuten|Minutes|Stunden"
          + "|Hours|Tagen?|Days|Wochen|Weeks|Monaten?|Months|Jahren?|Years|Kunden|Customers|Personen"
          + "|Persons|Menschen|People|Einwohnern?|Leuten?|Items|Users|Points|Punkten?|Leagues|Mitarbeitern?"
          + "|Employees|Artikeln?|Exemplaren?|Dateien|Files|Zeilen|Lines|Rows|Records|Tokens|Volt|Watt|Hertz"
          + "|Kilogramm|Gramm|Liter|Tonnen|Americans|Germans|Mal)(?!\\p{L})";

  /** What numbers stand behind that are no places. */
  private static final String THINGS =
      "(?:Windows|Office|Excel|Word|Outlook|Server|Room|Building|Chapter|Section|Version|Model|Flight|Gate|Page"
          + "|Line|Figure|Fig|Table|Article|Act|Python|Java|Nokia|Peugeot|Boeing|Airbus|Area|Batch|Lot|Unit"
          + "|Suite|Apt|Apartment|Flat|Floor|Level|Block|Box|Postbox|Postfach|No|Nr|Number|House|Haus|Tower"
          + "|Order|Invoice|Ticket|Case|Item|Part|Step|Season|Episode|Volume|Vol|Issue|Class|Type|Series"
          + "|Formula|Agenda|Summer|Winter|Spring|Autumn|Fall|Q[1-4]|Port|Code|Error|PIN|Year|Highway|Route"
          + "|Interstate|Bus|Train|Channel|Studio|Group|Level|Score|Rank|Grade|Size|Top|About|Over|Under"
          + "|Between|Around|Nearly|The|And|Or|Of|Is|Was|For|By|With|Than|Only|Total|Was|Since|Until"
          + "|Jan\\p{L}*|Feb\\p{L}*|Mar\\p{L}*|Apr\\p{L}*|May|Mai|Jun\\p{L}*|Jul\\p{L}*|Aug\\p{L}*|Sep\\p{L}*"
          + "|O[ck]t\\p{L}*|Nov\\p{L}*|De[cz]\\p{L}*)";

  private static final String NAME =
      "(?:\\p{Lu}[\\p{L}'’-]+|\\p{Lu}\\.|\\p{L}{2}\\.|St|de|do|da|dos|del|di|la|le|les|van|der|den|am|an der"
          + "|upon|sur|sous|bei|im|ob)";

  private static final Pattern UNIT_BEHIND = Pattern.compile("^ ?(?:" + UNITS + "|[%€$£¥])");
  private static final Pattern THING_BEFORE =
      Pattern.compile("(?<!\\p{L})" + THINGS + "\\.?,?[ #:]{0,2}$");
  private static final Pattern NUMBERED_THING_BEFORE =
      Pattern.compile("(?<!\\p{L})" + THINGS + " \\d+,?\\s+$");
  private static final Pattern YEAR = Pattern.compile("(?:1[89]|20[0-4])\\d{1,2}");

  private static final Pattern WORD_BEFORE =
      Pattern.compile(
          "(?i)(?<!\\p{L})(?:zip|zip ?-?codes?|postal|postal ?codes?|post ?codes?|plz|postleitzahl|code postal"
              + "|código postal|cap|cep|pin ?code|eircode)(?: is| was| ist| est| es)?[:#]? ?$");
  private static final Set<String> LAST_OF_WORDS =
      Set.of(
          "zip",
          "code",
          "codes",
          "zipcode",
          "zipcodes",
          "postal",
          "postcode",
          "postcodes",
          "plz",
          "postleitzahl",
          "cap",
          "cep",
          "pincode",
          "eircode",
          "is",
          "was",
          "ist",
          "est",
          "es");
  private static final Pattern UNPARTED_WORD_BEFORE =
      Pattern.compile("(?:邮编|郵編|邮政编码|郵遞區號|郵便番号|우편번호|รหัสไปรษณีย์|〒)[はが是为為은는]?[:：]? ?$");
  private static final Pattern JAPANESE_PLACE = Pattern.compile("^\\s?[\\p{IsHan}]{2,4}[都道府県市区郡]");

  private static final String STATES =
      "A[AEKLPRSZ]|C[AOT]|D[CE]|FL|FM|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]|P[ARW]|RI"
          + "|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]";
  private static final String STATE_NAMES =
      "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho"
          + "|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan"
          + "|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)"
          + "|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|Tennessee"
          + "|Texas|Utah|Vermont|(?:West )?Virginia|Washington|Wisconsin|Wyoming|Puerto Rico";
  private static final Pattern STATE_BEFORE =
      Pattern.compile(
          "(?:(?<![\\p{L}\\p{N}])(?:" + STATES + "),?|,\\s?(?i:" + STATES + "),?)\\s{1,6}$");
  private static final Pattern STATE_NAME_BEFORE =
      Pattern.compile("(?<!\\p{L})(?:" + STATE_NAMES + "),?\\s{1,6}$");

  private static final Set<String> LAST_OF_STATES =
      Set.copyOf(Arrays.asList(STATE_NAMES.replaceAll("[()?:]", "").split("[| ]")));

  private static final Pattern AUSTRALIAN_STATE =
      Pattern.compile("(?<!\\p{L})(?:NSW|VIC|Vic|QLD|Qld|TAS|Tas|ACT|SA|WA|NT),?\\s{1,4}$");

  private static final Pattern INDIAN_PLACE =
      Pattern.compile(
          "(?<!\\p{L})(?:(?:New )?Delhi|Mumbai|Bangalore|Bengaluru|Chennai|Kolkata|Hyderabad|Pune|Ahmedabad|Jaipur"
              + "|Lucknow|Surat|Kanpur|Nagpur|Indore|Bhopal|Patna|Vadodara|Noida|Gurgaon|Gurugram|Ghaziabad"
              + "|Faridabad|Thane|Kochi|Coimbatore|Mysore|Mysuru|Chandigarh|Visakhapatnam|Goa|Assam|Bihar"
              + "|Chhattisgarh|Gujarat|Haryana|Himachal Pradesh|Jharkhand|Karnataka|Kerala|Madhya Pradesh"
              + "|Maharashtra|Odisha|Punjab|Rajasthan|Sikkim|Tamil Nadu|Telangana|Tripura|Uttarakhand"
              + "|(?:Andhra|Uttar|Arunachal) Pradesh|West Bengal|India|Singapore)[,.]?\\s?[-:(]?\\s?$");

  private static final List<Locale> LANGUAGES =
      List.of(Locale.ENGLISH, Locale.GERMAN, Locale.FRENCH, Locale.ITALIAN, new Locale("es"));
  private static final List<String> MORE_COUNTRIES =
      List.of(
          "USA", "United States of America", "UK", "England", "Scotland", "Wales", "Greenlander");
  private static final Set<String> COUNTRIES = countries();

  /** In words. */
  private static final int LONGEST_NAME = 5;

  private static final Pattern RUSSIAN =
      Pattern.compile("(?:г\\.|город|ул\\.|улица|просп|Россия|Москва|обл|Київ|вул\\.|Україна)");

  /** What an address has before its code, and words that speak of one. */
  private static final Set<String> ADDRESS_WORDS =
      Set.of(
          ("street streets st road roads rd avenue ave av lane ln drive dr boulevard blvd bd way court ct close"
                  + " crescent suite apt apartment unit box psc postbox postfach rue chemin impasse allée quai"
                  + " via viale piazza corso calle avenida avda plaza paseo carrer rua travessa ul al ulica"
                  + " utca улица ул проспект address adresse anschrift dirección indirizzo endereço lives live"
                  + " wohne wohnt wohnhaft ship deliver located mailing billing")
              .split(" "));

  private static final String[] STREET_ENDINGS = {
    "straße", "strasse", "str", "weg", "gasse", "platz", "allee", "gata", "gatan", "vägen", "vegen",
    "veien", "vei", "vej", "gade", "laan", "straat", "plein", "gracht", "kade", "katu", "tie"
  };

  private static final Pattern PLACE_BEFORE =
      Pattern.compile(
          "(?:(?:^|[\\s,(>])(?:\\p{Lu}[\\p{L}.'’-]*\\p{L}\\)?|nan)(?:\\s{0,3},\\s{0,2}\\p{L}{1,3}|\\s[A-Z]{2,3})?(?:\\s{0,3},)?\\s{1,6}"
              + "|,\\s{0,2}(?:\\p{L}{2,3}|\\d{2})\\s{1,6})$");
  private static final Pattern LINE_BEFORE = Pattern.compile("\\n[>? ]*$");
  private static final Pattern IN_PLACE =
      Pattern.compile(
          "(?<!\\p{L})(in|at|near|from|to|of) (?:" + NAME + ",? ){0,4}\\p{Lu}[\\p{L}'’-]*,? $");

  /** A street with its number. */
  private static final Pattern STREET_BEFORE =
      Pattern.compile(
          "(?:(?<!\\p{L})\\p{Lu}[\\p{L}'’-]+|\\p{L}(?:str|straße|strasse|weg|gasse|platz))\\.? \\d{1,4} ?[a-zA-Z]?(?:[/-]\\d{1,4} ?[a-zA-Z]?)?(?:,|;| -)?\\s{1,4}$");

  private static final Pattern NUMBERED_STREET_BEFORE =
      Pattern.compile(
          "(?:^|[\\n,;:]|(?<!\\p{L})(?:au|at|to|is|in))\\s*\\d{1,4}(?: ?(?:bis|ter|[a-zA-Z]))?,? [^\\n,\\d]{3,48}[,\\n]?\\s{1,4}$");
  private static final Pattern SEGMENT_BEFORE = Pattern.compile("(?:^|\\n|,)[>? ]*$");
  private static final Pattern LINE_END_BEHIND = Pattern.compile("[.?!]?[ \\t]*(?:\\n|$)");
  private static final Pattern BRAZILIAN_PLACE =
      Pattern.compile("(?:[-/,] ?[A-Z]{2}|\\p{L}{3}),? ?-? ?$");
  private static final Set<String> DUTCH_UNIT =
      Set.of(
          "AD", "BC", "KB", "MB", "GB", "TB", "KG", "KM", "KW", "CM", "MM", "ML", "HP", "PS", "AM",
          "PM", "US", "UK");
  private static final Pattern PREPOSITION_BEFORE =
      Pattern.compile("(?<!\\p{L})(?:in|aus|nach|bei|à|en|w|v|van|te|uit) $");

  private static final String ENDS =
      "(?:\\s*(?:$|\\n|[.,;:!?)])| - | (?:in|after|for|by|last|and|please|as|is|or|because|before|und|et|y|e"
          + "|umgezogen|bitte|USA|US)(?!\\p{L}))";
  private static final Pattern END_BEHIND = Pattern.compile("^" + ENDS);
  private static final Pattern PLACE_BEHIND =
      Pattern.compile(
          "^ (?!"
              + UNITS
              + "|(?:"
              + THINGS
              + "|Street|Road|Avenue|Lane|Drive)(?!\\p{L}))(?:\\p{Lu}\\p{Ll}[\\p{L}'’-]*|\\p{Lu}{4,})(?:[ /-](?:"
              + NAME
              + "|\\d{1,2}|CEDEX|\\([\\p{L}. ]+\\))){0,4}(?="
              + ENDS
              + ")");

  private PostalCodes() {}

  /** In the languages of the places where they are read. */
  private static Set<String> countries() {
    Set<String> names = new HashSet<>(MORE_COUNTRIES);
    for (String country : Locale.getISOCountries()) {
      for (Locale language : LANGUAGES) {
        names.add(new Locale("", country).getDisplayCountry(language));
      }
    }
    return names;
  }

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

  /** True if what stands before the place is of an address. */
  static boolean isAddress(String text, int start) {
    int end = start;
    for (int i = start - 1; i >= Math.max(0, start - BEFORE); i--) {
      boolean first = i == 0 || !Character.isLetter(text.charAt(i - 1));
      if (!Character.isLetter(text.charAt(i))) {
        end = i;
      } else if (first && isOfAddress(text.substring(i, end).toLowerCase(Locale.ROOT))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOfAddress(String word) {
    if (ADDRESS_WORDS.contains(word)) {
      return true;
    }
    for (String ending : STREET_ENDINGS) {
      if (word.length() > ending.length() && word.endsWith(ending)) {
        return true;
      }
    }
    return false;
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
    double confidence = new Place(code, before, behind).confidence();
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

  /** A code and what stands around it. */
  private static final class Place {
    private final String code;
    private final String before;
    private final String behind;

    /** The last word before the code, empty where that is none. */
    private final String word;

    private final int wordStart;

    Place(String code, String before, String behind) {
      this.code = code;
      this.before = before;
      this.behind = behind;
      int end = before.length();
      while (end > 0 && " ,.-:(>)#".indexOf(before.charAt(end - 1)) >= 0) {
        end--;
      }
      int start = end;
      while (start > 0 && Character.isLetter(before.charAt(start - 1))) {
        start--;
      }
      this.word = before.substring(start, end);
      this.wordStart = start;
    }

    double confidence() {
      if (LAST_OF_WORDS.contains(word.toLowerCase(Locale.ROOT)) && ends(WORD_BEFORE, WORDS)) {
        return code.length() == 3 || isParted() ? 0.6 : 0.55;
      }
      if (before.endsWith("-")) {
        return ends(PREFIX, WORDS) ? prefixed() : 0;
      }
      double placed =
          Math.max(
              mayFollowPlace() ? behindPlace() : 0,
              mayPrecedePlace() || isDutch() ? beforePlace() : 0);
      return placed > 0 && !isCount() ? placed : 0;
    }

    private boolean isCount() {
      String around = before + code + behind;
      return UNIT_BEHIND.matcher(behind).find()
          || OtherNumbers.named(around, before.length(), before.length() + code.length());
    }

    /** Behind a capital word, a comma or at a line's beginning. */
    private boolean mayFollowPlace() {
      if (word.isEmpty()) {
        return wordStart > 0 && (before.charAt(wordStart - 1) == '\n' || isFive());
      }
      return Character.isUpperCase(word.charAt(0))
          || word.equals("nan")
          || word.length() <= 3 && before.substring(0, wordStart).stripTrailing().endsWith(",")
          || isFive() && before.indexOf(',', wordStart) >= 0;
    }

    /** Before a capital letter. */
    private boolean mayPrecedePlace() {
      return behind.length() > 1
          && behind.charAt(0) == ' '
          && Character.isUpperCase(behind.charAt(1));
    }

    /** True if what stands before the code ends so, within so many characters. */
    private boolean ends(Pattern pattern, int reach) {
      return pattern
          .matcher(before)
          .useTransparentBounds(true)
          .useAnchoringBounds(before.length() <= reach)
          .region(Math.max(0, before.length() - reach), before.length())
          .find();
    }

    private boolean isAddress() {
      return PostalCodes.isAddress(before, before.length());
    }

    private boolean isFive() {
      return isDigits(5) || isDigits(5, 4);
    }

    private boolean isParted() {
      return isDigits(5, 3) || isDigits(4, 3) || isDigits(2, 3) || isGroups();
    }

    private boolean isDigits(int length) {
      return code.length() == length && Character.isDigit(code.charAt(length - 1)) && isOneGroup();
    }

    private boolean isOneGroup() {
      return code.indexOf('-') < 0 && code.indexOf(' ') < 0;
    }

    /** Two groups with a hyphen between them. */
    private boolean isDigits(int first, int second) {
      return code.length() == first + 1 + second && code.charAt(first) == '-';
    }

    /** As in Sweden and the Czech Republic. */
    private boolean isGroups() {
      return code.length() == 6 && code.charAt(3) == ' ';
    }

    private boolean isDutch() {
      return Character.isLetter(code.charAt(code.length() - 1))
          && !DUTCH_UNIT.contains(code.substring(code.length() - 2));
    }

    private boolean continues() {
      return END_BEHIND.matcher(behind).find();
    }

    /** True where a word behind it may say what is counted. */
    private boolean counts() {
      return behind.length() > 1
          && behind.charAt(0) == ' '
          && Character.isLowerCase(behind.charAt(1))
          && !continues();
    }

    private boolean isYear() {
      return YEAR.matcher(code).matches();
    }

    private double prefixed() {
      String without = before.replaceFirst("[A-Z]+-$", "");
      boolean placed =
          PLACE_BEHIND.matcher(behind).find()
              || continues()
                  && (PLACE_BEFORE.matcher(without).find()
                      || STREET_BEFORE.matcher(without).find());
      boolean form = isDigits(4) || isDigits(5) || isParted() || isDutch();
      return form && placed ? 0.7 : 0;
    }

    /** City, state or country, then the code. */
    private double behindPlace() {
      boolean ends = continues();
      boolean state = word.length() == 2 && ends(STATE_BEFORE, WORDS);
      if (isFive() && (state || !counts() && isStateName())) {
        // Five and four digits may be a telephone's, too.
        return code.length() > 5 ? 0.7 : 0.6;
      }
      if (isDigits(4) && ends && word.length() <= 3 && ends(AUSTRALIAN_STATE, WORDS)) {
        return 0.6;
      }
      if ((isDigits(6) || code.length() == 7 && code.charAt(3) == ' ')
          && ends(INDIAN_PLACE, WORDS)) {
        return 0.65;
      }
      if (isDigits(5, 3) && ends && ends(BRAZILIAN_PLACE, WORDS)) {
        return 0.6;
      }
      if (isDigits(6) && (RUSSIAN.matcher(before).find() || RUSSIAN.matcher(behind).find())) {
        return ends || ends(SEGMENT_BEFORE, WORDS) ? 0.6 : 0;
      }
      if (!isYear() && isCountryBefore()) {
        boolean sure = isDigits(5) || isDigits(6) || isParted();
        return (sure && ends) || (sure || isDigits(4)) && isAddress() ? 0.6 : 0;
      }
      return Math.max(inPlace(), ends && !isYear() && isAddress() ? inAddress() : 0);
    }

    private boolean isStateName() {
      return LAST_OF_STATES.contains(word) && ends(STATE_NAME_BEFORE, WORDS);
    }

    /** The last words are a country's name, perhaps with a remark in brackets behind it. */
    private boolean isCountryBefore() {
      int open = before.lastIndexOf('(');
      boolean remark = open > 0 && before.indexOf(')', open) > 0 && wordStart == open + 1;
      int end =
          remark ? before.substring(0, open).stripTrailing().length() : wordStart + word.length();
      int start = end;
      for (int words = 0; words < LONGEST_NAME && start > 0; words++) {
        start -= words > 0 ? 1 : 0;
        while (start > 0 && isOfName(before.charAt(start - 1))) {
          start--;
        }
        if (COUNTRIES.contains(before.substring(start, end))) {
          return true;
        }
        if (start == 0 || before.charAt(start - 1) != ' ') {
          return false;
        }
      }
      return false;
    }

    private static boolean isOfName(char c) {
      return Character.isLetter(c) || c == '.' || c == '\'' || c == '’' || c == '&' || c == '-';
    }

    private double inPlace() {
      boolean four = isDigits(4) && !isYear() && continues();
      if (!(four || isParted() || isFive() && !counts()) || ends(THING_BEFORE, WORDS)) {
        return 0;
      }
      Matcher in = IN_PLACE.matcher(before);
      return in.find() && (!four || in.group(1).equals("in")) ? 0.5 : 0;
    }

    /** At the end of what began with a street. */
    private double inAddress() {
      if (LINE_BEFORE.matcher(before).find() && LINE_END_BEHIND.matcher(behind).lookingAt()) {
        return isOneGroup() && !isDutch() || isFive() || isParted() ? 0.55 : 0;
      }
      if (ends(THING_BEFORE, WORDS) || !ends(PLACE_BEFORE, REACH)) {
        return 0;
      }
      int comma = Math.max(before.lastIndexOf(','), before.lastIndexOf('\n'));
      String segment = before.substring(comma + 1);
      boolean ofStreet =
          segment.chars().anyMatch(Character::isDigit)
              || PostalCodes.isAddress(segment, segment.length());
      boolean form = isDigits(4) || isDigits(6) || isParted();
      return isFive() || form && !ofStreet ? 0.55 : 0;
    }

    private boolean isHouseNumberBefore() {
      int last =
          wordStart
              - (word.length() == 1 && wordStart > 1 && before.charAt(wordStart - 1) == ' '
                  ? 2
                  : 1);
      return word.length() <= 1 && last >= 0 && Character.isDigit(before.charAt(last));
    }

    /** The code, then the city. */
    private double beforePlace() {
      boolean street =
          isHouseNumberBefore()
              && ends(STREET_BEFORE, REACH)
              && !ends(NUMBERED_THING_BEFORE, WORDS);
      if (isDutch() && street && continues()) {
        return 0.65;
      }
      boolean sure = isFive() || isParted() || isDutch();
      if (!(sure || isDigits(4) || isDigits(6)) || !PLACE_BEHIND.matcher(behind).find()) {
        return 0;
      }
      if (street || NUMBERED_STREET_BEFORE.matcher(before).find() && isAddress()) {
        return 0.65;
      }
      boolean begins =
          before.isBlank()
              || LINE_BEFORE.matcher(before).find()
              || ends(PREPOSITION_BEFORE, WORDS)
              || ends(SEGMENT_BEFORE, WORDS) && isAddress();
      return sure && begins ? 0.5 : 0;
    }
  }
}
