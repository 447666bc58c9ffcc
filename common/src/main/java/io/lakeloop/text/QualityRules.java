package io.lakeloop.text;

import io.lakeloop.config.Problems;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Rules that an answer breaks where it is no use as an example: those of Gopher (Rae et al. 2021,
 * <a href="https://arxiv.org/abs/2112.11446">2112.11446</a>, appendix A.1) that suit a chat turn,
 * and two of our own, for refusals and answers without words.
 */
public final class QualityRules implements Serializable {
  private static final int WORDS_FOR_STOP_WORDS = 50;
  private static final int WORDS_FOR_REPETITION = 12;
  private static final int LINES_FOR_SHARES = 4;
  private static final int REFUSAL_WITHIN = 160;
  private static final List<Integer> STOP_WORDS =
      List.of("the", "be", "to", "of", "and", "that", "have", "with").stream()
          .map(Words::hash)
          .toList();

  /** In skeletons, where 1 and l, 0 and o are the same. */
  private static final List<String> REFUSALS =
      List.of(
              "i cannot help",
              "i can t help",
              "i cannot assist",
              "i can t assist",
              "i cannot provide",
              "i can t provide",
              "i m unable to",
              "i am unable to",
              "i m not able to help",
              "i am not able to help",
              "as an ai",
              "i cannot answer",
              "i can t answer",
              "i won t be able to help",
              "ich kann ihnen dabei nicht helfen",
              "je ne peux pas vous aider",
              "no puedo ayudar")
          .stream()
          .map(Skeleton::of)
          .toList();

  /**
   * Bounds; an answer beyond one is flagged.
   *
   * @param minWords fewer words are TOO_SHORT
   * @param maxWords more are TOO_LONG
   * @param maxMeanWordLength longer words on average are LONG_WORDS, as keyboard mashing is; Gopher
   *     10
   * @param minLetterShare a lower share of letters among what is visible is FEW_LETTERS
   * @param minAlphabeticWords a lower share of words with a letter is FEW_ALPHABETIC_WORDS; Gopher
   *     0.8
   * @param maxSymbolsPerWord more hashes and ellipses per word are SYMBOLS; Gopher 0.1
   * @param maxBulletLines a higher share of lines that are bullets is BULLETS; Gopher 0.9
   * @param maxEllipsisLines a higher share of lines that end in an ellipsis is ELLIPSES; Gopher 0.3
   * @param minStopWords fewer of eight English stop words in an English answer of 50 words or more
   *     is FEW_STOP_WORDS; Gopher 2
   * @param maxDuplicateLines a higher share of repeated lines is REPEATED_LINES; Gopher 0.3
   * @param maxTopBigram a higher share of words in the commonest pair of words is TOP_BIGRAM;
   *     Gopher 0.2
   * @param maxRepeatedNgrams a higher share of 5-grams of words that occurred before is
   *     REPEATED_NGRAMS; Gopher 0.15
   */
  public record Settings(
      int minWords,
      int maxWords,
      double maxMeanWordLength,
      double minLetterShare,
      double minAlphabeticWords,
      double maxSymbolsPerWord,
      double maxBulletLines,
      double maxEllipsisLines,
      int minStopWords,
      double maxDuplicateLines,
      double maxTopBigram,
      double maxRepeatedNgrams)
      implements Serializable {
    public Settings {
      Problems problems = Problems.in("quality");
      shares(
          problems,
          Map.of(
              "min-letter-share", minLetterShare,
              "min-alphabetic-words", minAlphabeticWords,
              "max-bullet-lines", maxBulletLines,
              "max-ellipsis-lines", maxEllipsisLines,
              "max-duplicate-lines", maxDuplicateLines,
              "max-repeated-ngrams", maxRepeatedNgrams));
      problems
          .require(minWords >= 0, "quality.min-words must not be negative, got %d", minWords)
          .require(
              maxWords > minWords,
              "quality.max-words must be above min-words (%d), got %d",
              minWords,
              maxWords)
          .require(
              minStopWords >= 0 && minStopWords <= STOP_WORDS.size(),
              "quality.min-stop-words must lie in 0..%d, got %d",
              STOP_WORDS.size(),
              minStopWords)
          .require(
              maxMeanWordLength >= 0 && Double.isFinite(maxMeanWordLength),
              "quality.max-mean-word-length must be a finite number from 0, got %s",
              maxMeanWordLength)
          .require(
              maxSymbolsPerWord >= 0 && Double.isFinite(maxSymbolsPerWord),
              "quality.max-symbols-per-word must be a finite number from 0, got %s",
              maxSymbolsPerWord)
          // A pair that overlaps itself, as in no no no, counts a word twice.
          .require(
              maxTopBigram >= 0 && maxTopBigram <= 2,
              "quality.max-top-bigram must lie in 0..2, got %s",
              maxTopBigram)
          .throwIfAny();
    }

    private static void shares(Problems problems, Map<String, Double> shares) {
      shares.forEach(
          (name, share) ->
              problems.require(
                  share >= 0 && share <= 1, "quality.%s must lie in 0..1, got %s", name, share));
    }

    /** The bounds above, and lengths that suit chat turns. */
    public static Settings standard() {
      return new Settings(3, 4000, 10, 0.6, 0.6, 0.1, 0.9, 0.3, 2, 0.3, 0.2, 0.15);
    }
  }

  /** Codes that the rules can give. */
  public static final List<String> CODES =
      List.of(
          "BULLETS",
          "ELLIPSES",
          "EMPTY",
          "FEW_ALPHABETIC_WORDS",
          "FEW_LETTERS",
          "FEW_STOP_WORDS",
          "LONG_WORDS",
          "REFUSAL",
          "REPEATED_LINES",
          "REPEATED_NGRAMS",
          "SYMBOLS",
          "TOO_LONG",
          "TOO_SHORT",
          "TOP_BIGRAM");

  private final Settings settings;

  public QualityRules(Settings settings) {
    this.settings = settings;
  }

  /**
   * The rules that the answer breaks, with the value that was measured.
   *
   * @param skeleton {@link Skeleton} of the answer
   */
  public Map<String, Double> broken(
      String completion, Words words, String skeleton, String language) {
    Map<String, Double> broken = new TreeMap<>();
    int count = words.count();
    if (count == 0) {
      return Map.of("EMPTY", 0.0);
    }
    below(broken, "TOO_SHORT", count, settings.minWords());
    above(broken, "TOO_LONG", count, settings.maxWords());
    above(broken, "LONG_WORDS", (double) words.visible() / count, settings.maxMeanWordLength());
    below(
        broken,
        "FEW_LETTERS",
        (double) words.letters() / words.visible(),
        settings.minLetterShare());
    below(
        broken,
        "FEW_ALPHABETIC_WORDS",
        (double) words.alphabetic() / count,
        settings.minAlphabeticWords());
    above(broken, "SYMBOLS", (double) symbols(completion) / count, settings.maxSymbolsPerWord());
    if (language.equals("en") && count >= WORDS_FOR_STOP_WORDS) {
      below(broken, "FEW_STOP_WORDS", stopWords(words), settings.minStopWords());
    }
    if (count >= WORDS_FOR_REPETITION) {
      above(broken, "TOP_BIGRAM", 2.0 * topBigram(words) / count, settings.maxTopBigram());
      above(broken, "REPEATED_NGRAMS", repeatedFiveGrams(words), settings.maxRepeatedNgrams());
    }
    if (completion.indexOf('\n') >= 0) {
      lines(broken, completion.split("\n"));
    }
    String start = skeleton.substring(0, Math.min(REFUSAL_WITHIN, skeleton.length()));
    for (String refusal : REFUSALS) {
      if (start.contains(refusal)) {
        broken.put("REFUSAL", 1.0);
      }
    }
    return broken;
  }

  private static void above(Map<String, Double> broken, String code, double value, double bound) {
    if (value > bound) {
      broken.put(code, value);
    }
  }

  private static void below(Map<String, Double> broken, String code, double value, double bound) {
    if (value < bound) {
      broken.put(code, value);
    }
  }

  private static int symbols(String text) {
    int symbols = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean dots = c == '.' && text.startsWith("...", i) && (i == 0 || text.charAt(i - 1) != '.');
      symbols += c == '#' || c == '\u2026' || dots ? 1 : 0;
    }
    return symbols;
  }

  private static int stopWords(Words words) {
    boolean[] seen = new boolean[STOP_WORDS.size()];
    int distinct = 0;
    for (int i = 0; i < words.count(); i++) {
      int at = STOP_WORDS.indexOf(words.hash(i));
      if (at >= 0 && !seen[at]) {
        seen[at] = true;
        distinct++;
      }
    }
    return distinct;
  }

  private static long[] grams(Words words, int n) {
    long[] grams = new long[words.count() - n + 1];
    for (int start = 0; start < grams.length; start++) {
      long hash = 0;
      for (int i = start; i < start + n; i++) {
        hash = (hash ^ words.hash(i)) * 0x9E3779B97F4A7C15L;
      }
      grams[start] = hash;
    }
    Arrays.sort(grams);
    return grams;
  }

  /** Occurrences of the commonest pair of words; a pair that occurs once tells nothing. */
  private static int topBigram(Words words) {
    long[] grams = grams(words, 2);
    int best = 0;
    int run = 0;
    for (int i = 0; i < grams.length; i++) {
      run = i > 0 && grams[i] == grams[i - 1] ? run + 1 : 1;
      best = Math.max(best, run);
    }
    return best == 1 ? 0 : best;
  }

  private static double repeatedFiveGrams(Words words) {
    long[] grams = grams(words, 5);
    int repeated = 0;
    for (int i = 1; i < grams.length; i++) {
      repeated += grams[i] == grams[i - 1] ? 1 : 0;
    }
    return (double) repeated / grams.length;
  }

  private void lines(Map<String, Double> broken, String[] all) {
    List<String> lines =
        Arrays.stream(all).map(String::strip).filter(line -> !line.isEmpty()).toList();
    if (lines.size() < LINES_FOR_SHARES) {
      return;
    }
    double count = lines.size();
    above(
        broken,
        "BULLETS",
        lines.stream().filter(line -> "-*\u2022".indexOf(line.charAt(0)) >= 0).count() / count,
        settings.maxBulletLines());
    above(
        broken,
        "ELLIPSES",
        lines.stream().filter(line -> line.endsWith("...") || line.endsWith("\u2026")).count()
            / count,
        settings.maxEllipsisLines());
    above(
        broken,
        "REPEATED_LINES",
        (count - lines.stream().distinct().count()) / count,
        settings.maxDuplicateLines());
  }
}
