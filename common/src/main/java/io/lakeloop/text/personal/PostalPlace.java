package io.lakeloop.text.personal;

import static io.lakeloop.text.personal.PostalPatterns.AUSTRALIAN_STATE;
import static io.lakeloop.text.personal.PostalPatterns.BRAZILIAN_PLACE;
import static io.lakeloop.text.personal.PostalPatterns.END_BEHIND;
import static io.lakeloop.text.personal.PostalPatterns.INDIAN_PLACE;
import static io.lakeloop.text.personal.PostalPatterns.IN_PLACE;
import static io.lakeloop.text.personal.PostalPatterns.LINE_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.LINE_END_BEHIND;
import static io.lakeloop.text.personal.PostalPatterns.NUMBERED_STREET_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.NUMBERED_THING_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.PLACE_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.PLACE_BEHIND;
import static io.lakeloop.text.personal.PostalPatterns.PREFIX;
import static io.lakeloop.text.personal.PostalPatterns.PREPOSITION_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.RUSSIAN;
import static io.lakeloop.text.personal.PostalPatterns.SEGMENT_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.STATE_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.STATE_NAMES;
import static io.lakeloop.text.personal.PostalPatterns.STATE_NAME_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.STREET_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.THING_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.UNIT_BEHIND;
import static io.lakeloop.text.personal.PostalPatterns.WORD_BEFORE;
import static io.lakeloop.text.personal.PostalPatterns.YEAR;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What may be a postal code, and what stands around it. */
final class PostalPlace {
  /** How far a few words reach, and a place with its region. */
  private static final int WORDS = 24;

  private static final int REACH = 48;

  /** In words. */
  private static final int LONGEST_NAME = 5;

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

  private static final Set<String> DUTCH_UNIT =
      Set.of(
          "AD", "BC", "KB", "MB", "GB", "TB", "KG", "KM", "KW", "CM", "MM", "ML", "HP", "PS", "AM",
          "PM", "US", "UK");

  private static final Set<String> LAST_OF_STATES =
      Set.copyOf(Arrays.asList(STATE_NAMES.replaceAll("[()?:]", "").split("[| ]")));
  private final String code;
  private final String before;
  private final String behind;

  /** The last word before the code, empty where that is none. */
  private final String word;

  private final int wordStart;

  PostalPlace(String code, String before, String behind) {
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
    return AddressWords.standBefore(before, before.length());
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
                && (PLACE_BEFORE.matcher(without).find() || STREET_BEFORE.matcher(without).find());
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
    if ((isDigits(6) || code.length() == 7 && code.charAt(3) == ' ') && ends(INDIAN_PLACE, WORDS)) {
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
      if (CountryNames.contains(before.substring(start, end))) {
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
            || AddressWords.standBefore(segment, segment.length());
    boolean form = isDigits(4) || isDigits(6) || isParted();
    return isFive() || form && !ofStreet ? 0.55 : 0;
  }

  private boolean isHouseNumberBefore() {
    int last =
        wordStart
            - (word.length() == 1 && wordStart > 1 && before.charAt(wordStart - 1) == ' ' ? 2 : 1);
    return word.length() <= 1 && last >= 0 && Character.isDigit(before.charAt(last));
  }

  /** The code, then the city. */
  private double beforePlace() {
    boolean street =
        isHouseNumberBefore() && ends(STREET_BEFORE, REACH) && !ends(NUMBERED_THING_BEFORE, WORDS);
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
