package io.lakeloop.text.personal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One pattern of one kind, with the words that make it likelier when they stand near it: the way of
 * Microsoft Presidio, whose boost of 0.35 is taken over.
 *
 * @param traits what a text must hold for the pattern to be tried
 * @param base confidence of a match without context; 0 for none
 * @param context words, or null
 */
record Rule(Kind kind, int traits, Pattern pattern, Confidence base, Pattern context) {

  /** How sure a match is by itself. */
  @FunctionalInterface
  interface Confidence {
    double of(String text, Matcher match);
  }

  private static final double BOOST = 0.35;
  private static final int BEFORE = 60;
  private static final int AFTER = 24;

  static Rule of(Kind kind, int traits, String pattern, Confidence base, String context) {
    return new Rule(
        kind, traits, Pattern.compile(pattern), base, context.isEmpty() ? null : words(context));
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

  double confidence(String text, Matcher match) {
    double plain = base.of(text, match);
    return plain > 0 && near(context, text, match.start(), match.end())
        ? Math.min(1, plain + BOOST)
        : plain;
  }
}
