package io.lakeloop.text.personal;

import io.lakeloop.text.personal.Anchors.Anchor;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One pattern of one kind, with the words that make it likelier when they stand near it: the way of
 * Microsoft Presidio, whose boost of 0.35 is taken over.
 *
 * @param place where the pattern is tried
 * @param base confidence of a match without context; 0 for none
 * @param context words, or null
 */
record Rule(Kind kind, Place place, Pattern pattern, Confidence base, Pattern context) {
  private static final double BOOST = 0.35;
  private static final int BEFORE = 60;
  private static final int AFTER = 24;
  private static final int AROUND_DIGITS = 12;

  /** How sure a match is by itself. */
  @FunctionalInterface
  interface Confidence {
    double of(String text, Matcher match);

    static Confidence always(double confidence) {
      return (text, match) -> confidence;
    }

    /** The confidence where the digits pass the check, else none. */
    static Confidence digits(double confidence, Predicate<String> check) {
      return (text, match) -> check.test(Checksums.digits(match.group())) ? confidence : 0;
    }

    /** The confidence where the match passes the check without its separators, else none. */
    static Confidence compact(double confidence, Predicate<String> check) {
      return (text, match) ->
          check.test(match.group().replaceAll("[ .-]", "").toUpperCase(Locale.ROOT))
              ? confidence
              : 0;
    }
  }

  /**
   * Where a pattern is tried.
   *
   * @param least weight of the anchor
   * @param before characters before the anchor where a match may begin
   * @param after characters behind it where a match may end
   * @param start what a match begins with
   */
  record Place(Anchor anchor, int least, int before, int after, Start start) {
    Place reaching(int further) {
      return new Place(anchor, least, further, after, start);
    }

    Place from(Start other) {
      return new Place(anchor, least, before, after, other);
    }
  }

  /** What a match begins with. To ask this first costs less than to try a pattern everywhere. */
  enum Start {
    ANYTHING,
    /** The first letter or digit of a word. */
    WORD,
    /** The first digit of a word. */
    NUMBER,
    /** The first of some digits, which may stand behind a letter. */
    DIGITS,
    /** The first of some letters, which may stand behind a digit. */
    LETTERS,
    /** The end of a line. */
    LINE;

    boolean isIn(byte starts) {
      return (starts >> ordinal() & 1) != 0;
    }

    /** All that may begin at a character, as bits. */
    static byte of(char before, char first) {
      boolean letter = Character.isLetter(first);
      boolean digit = isDigit(first);
      boolean joined = Character.isLetterOrDigit(before);
      int starts = 1 << ANYTHING.ordinal();
      starts |= (letter || Character.isDigit(first)) && !joined ? 1 << WORD.ordinal() : 0;
      starts |= digit && !joined ? 1 << NUMBER.ordinal() : 0;
      starts |= digit && !isDigit(before) ? 1 << DIGITS.ordinal() : 0;
      starts |= letter && !Character.isLetter(before) ? 1 << LETTERS.ordinal() : 0;
      starts |= first == '\n' ? 1 << LINE.ordinal() : 0;
      return (byte) starts;
    }

    private static boolean isDigit(char c) {
      return c >= '0' && c <= '9';
    }
  }

  static Place at(Anchor anchor) {
    return new Place(anchor, 1, 0, 0, Start.ANYTHING);
  }

  /** Around so many digits or more, where a word begins. */
  static Place digits(int least) {
    return new Place(Anchor.DIGITS, least, AROUND_DIGITS, AROUND_DIGITS, Start.WORD);
  }

  static Rule of(Kind kind, Place place, String pattern, Confidence base, String context) {
    return new Rule(
        kind, place, Pattern.compile(pattern), base, context.isEmpty() ? null : words(context));
  }

  /** Any of the words, alone or at the start of a longer one where it ends in a star. */
  static Pattern words(String alternatives) {
    return Pattern.compile(
        "(?<![\\p{L}\\p{N}])(?:" + alternatives.replace("*", "\\p{L}*") + ")(?![\\p{L}\\p{N}])",
        Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
  }

  /** True if one of the words stands near the place: more before it than behind it. */
  static boolean near(Pattern words, String text, int start, int end) {
    int from = Math.max(0, start - BEFORE);
    int to = Math.min(text.length(), end + AFTER);
    return words != null
        && (words.matcher(text).region(from, start).find()
            || words.matcher(text).region(end, to).find());
  }

  /** Adds what the pattern finds at the text's anchors. */
  void find(String text, Anchors anchors, List<Finding> found) {
    int done = 0;
    for (int i = 0; i < anchors.count(place.anchor()); i++) {
      if (anchors.weight(place.anchor(), i) >= place.least()) {
        int from = Math.max(done, anchors.start(place.anchor(), i) - place.before());
        int to = Math.min(text.length(), anchors.end(place.anchor(), i) + place.after());
        done =
            place.start() == Start.ANYTHING
                ? anywhere(text, from, to, found)
                : atStarts(text, anchors.starts(text), from, to, found);
      }
    }
  }

  private Matcher matcher(String text) {
    return pattern.matcher(text).useTransparentBounds(true).useAnchoringBounds(false);
  }

  /** Returns the end of the last match, or where it began to look. */
  private int anywhere(String text, int from, int to, List<Finding> found) {
    int done = from;
    Matcher matcher = matcher(text).region(Math.min(from, to), to);
    while (matcher.find()) {
      done = matcher.end();
      add(text, matcher, found);
    }
    return done;
  }

  private int atStarts(String text, byte[] starts, int from, int to, List<Finding> found) {
    int done = from;
    Matcher matcher = null;
    for (int at = from; at < to; at++) {
      if (place.start().isIn(starts[at])) {
        matcher = matcher == null ? matcher(text) : matcher;
        if (matcher.region(at, to).lookingAt()) {
          done = Math.max(matcher.end(), at + 1);
          add(text, matcher, found);
          at = done - 1;
        }
      }
    }
    return done;
  }

  private void add(String text, Matcher match, List<Finding> found) {
    double plain = base.of(text, match);
    if (plain > 0) {
      boolean boosted = near(context, text, match.start(), match.end());
      int group = match.groupCount() > 0 && match.group(1) != null ? 1 : 0;
      found.add(
          new Finding(
              kind,
              match.start(group),
              match.end(group),
              boosted ? Math.min(1, plain + BOOST) : plain));
    }
  }
}
