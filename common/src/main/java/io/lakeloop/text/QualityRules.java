package io.lakeloop.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rules that an answer breaks where it is no use as an example; those of Gopher (Rae et al. 2021,
 * <a href="https://arxiv.org/abs/2112.11446">2112.11446</a>, table A1) that suit a chat turn.
 */
public final class QualityRules {
  private static final int FEWEST_WORDS = 3;
  private static final double LONGEST_MEAN_WORD = 10;
  private static final double FEWEST_LETTER_SHARE = 0.6;
  private static final double MOST_REPEATED_WORDS = 0.5;
  private static final int WORDS_FOR_REPETITION = 10;

  private QualityRules() {}

  /** Codes of the rules that the answer breaks, in a fixed order. */
  public static List<String> broken(String completion) {
    List<String> broken = new ArrayList<>();
    String[] words = completion.isBlank() ? new String[0] : completion.strip().split("\\s+");
    if (words.length < FEWEST_WORDS) {
      broken.add(words.length == 0 ? "EMPTY" : "TOO_SHORT");
    }
    if (meanLength(words) > LONGEST_MEAN_WORD) {
      broken.add("LONG_WORDS");
    }
    if (words.length > 0 && letterShare(completion) < FEWEST_LETTER_SHARE) {
      broken.add("FEW_LETTERS");
    }
    if (words.length >= WORDS_FOR_REPETITION && repeatedShare(words) > MOST_REPEATED_WORDS) {
      broken.add("REPETITIVE");
    }
    return broken;
  }

  private static double meanLength(String[] words) {
    return Arrays.stream(words).mapToInt(String::length).average().orElse(0);
  }

  private static double letterShare(String text) {
    long visible = text.chars().filter(c -> !Character.isWhitespace(c)).count();
    return (double) text.chars().filter(Character::isLetter).count() / visible;
  }

  private static double repeatedShare(String[] words) {
    long distinct = Arrays.stream(words).map(String::toLowerCase).distinct().count();
    return 1 - (double) distinct / words.length;
  }
}
