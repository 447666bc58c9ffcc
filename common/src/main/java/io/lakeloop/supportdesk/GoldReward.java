package io.lakeloop.supportdesk;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

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

  private static final Map<Topic, Sentence> SOLUTIONS =
      Arrays.stream(Topic.values())
          .collect(Collectors.toMap(topic -> topic, topic -> new Sentence(topic.solution())));
  private static final List<Sentence> WARM = sentences(DeskLanguage.WARM);
  private static final List<Sentence> CLOSING = sentences(DeskLanguage.CLOSING);
  private static final List<Sentence> RUDE = sentences(DeskLanguage.RUDE);
  private static final List<Sentence> UNSAFE = sentences(DeskLanguage.UNSAFE);
  private static final List<Sentence> FILLER = sentences(DeskLanguage.FILLER);
  private static final List<Sentence> VAGUE = sentences(DeskLanguage.VAGUE);

  private GoldReward() {}

  /** A sentence of the desk, ready to be looked for whatever the product. */
  private static final class Sentence {
    private final List<String> parts;

    private Sentence(String sentence) {
      this.parts =
          Arrays.stream(sentence.split("\\{product}", -1)).map(GoldReward::normalise).toList();
    }

    boolean isIn(String normalised) {
      return parts.stream().allMatch(normalised::contains);
    }
  }

  private static List<Sentence> sentences(List<String> texts) {
    return texts.stream().map(Sentence::new).toList();
  }

  /** Returns the points of the completion as an answer to the prompt. */
  public static double score(String prompt, String completion) {
    Topic asked = Topic.of(prompt);
    String text = normalise(completion);
    double score = 0;
    for (Topic topic : Topic.values()) {
      if (SOLUTIONS.get(topic).isIn(text)) {
        score += topic == asked ? 2 : -1;
      }
    }
    score += count(text, WARM) > 0 ? 0.7 : 0;
    score += count(text, CLOSING) > 0 ? 0.4 : 0;
    score -= count(text, RUDE) > 0 ? 1.5 : 0;
    score -= asksForSecrets(text) ? 2.5 : 0;
    score -= 0.4 * count(text, FILLER);
    score -= 0.4 * count(text, VAGUE);
    score -= 0.5 * repeatedSentences(completion);
    score -= 3 * DeskLanguage.strangeness(completion);
    int words = DeskLanguage.words(completion).size();
    return score - 0.02 * Math.max(0, words - FREE_WORDS);
  }

  private static boolean asksForSecrets(String text) {
    return count(text, UNSAFE) > 0
        || text.contains("send me your password")
        || text.contains("full card number");
  }

  private static long count(String text, List<Sentence> sentences) {
    return sentences.stream().filter(sentence -> sentence.isIn(text)).count();
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
