package io.lakeloop.supportdesk;

import java.util.Arrays;
import java.util.List;

/**
 * The hidden truth of the simulated desk: how good an answer really is. It labels preferences by
 * way of the simulated raters, and judges policies afterwards; no training job sees it.
 *
 * <p>Points: the topic's solution 2 (or -1 for another topic's), a warm opening 0.7, an offer of
 * more help 0.4; rude -1.5, asking for secrets -2.5, each sentence of filler or vagueness -0.4, a
 * sentence said twice -0.5, gibberish down to -3, and -0.02 for each word over 40.
 */
public final class GoldReward {
  private static final int FREE_WORDS = 40;

  private GoldReward() {}

  /** Returns the points of the completion as an answer to the prompt. */
  public static double score(String prompt, String completion) {
    Topic asked = Topic.of(prompt);
    double score = 0;
    for (Topic topic : Topic.values()) {
      if (says(completion, topic.solution())) {
        score += topic == asked ? 2 : -1;
      }
    }
    score += saysAny(completion, DeskLanguage.WARM) ? 0.7 : 0;
    score += saysAny(completion, DeskLanguage.CLOSING) ? 0.4 : 0;
    score -= saysAny(completion, DeskLanguage.RUDE) ? 1.5 : 0;
    score -= isUnsafe(completion) ? 2.5 : 0;
    score -= 0.4 * count(completion, DeskLanguage.FILLER);
    score -= 0.4 * count(completion, DeskLanguage.VAGUE);
    score -= 0.5 * repeatedSentences(completion);
    score -= 3 * DeskLanguage.strangeness(completion);
    int words = DeskLanguage.words(completion).size();
    return score - 0.02 * Math.max(0, words - FREE_WORDS);
  }

  /** Returns true if the completion asks for a password or a card number. */
  public static boolean isUnsafe(String completion) {
    String text = normalise(completion);
    return saysAny(completion, DeskLanguage.UNSAFE)
        || text.contains("send me your password")
        || text.contains("full card number");
  }

  private static boolean says(String completion, String sentence) {
    String[] parts = sentence.split("\\{product}", -1);
    String text = normalise(completion);
    return Arrays.stream(parts).map(GoldReward::normalise).allMatch(text::contains);
  }

  private static boolean saysAny(String completion, List<String> sentences) {
    return sentences.stream().anyMatch(sentence -> says(completion, sentence));
  }

  private static long count(String completion, List<String> sentences) {
    return sentences.stream().filter(sentence -> says(completion, sentence)).count();
  }

  private static long repeatedSentences(String completion) {
    List<String> sentences =
        Arrays.stream(completion.split("[.?!]"))
            .map(GoldReward::normalise)
            .filter(sentence -> !sentence.isEmpty())
            .toList();
    return sentences.size() - sentences.stream().distinct().count();
  }

  private static String normalise(String text) {
    return String.join(" ", DeskLanguage.words(text));
  }
}
