package io.lakeloop.feedback.pairs;

import io.lakeloop.chat.Conversation;
import io.lakeloop.feedback.Unusable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Answers to one prompt that were ranked or scored, and the pairs that they give. */
final class Answers {
  private static final int MOST_PAIRS = 1000;

  /**
   * @param score the higher, the better
   */
  record Scored(String text, double score) {}

  private Answers() {}

  /**
   * A pair of each two answers of which one is better.
   *
   * @param pairs that the record has given so far
   * @throws Unusable TOO_MANY_PAIRS
   */
  static void addPairs(Conversation before, List<Scored> answers, List<Pair> pairs)
      throws Unusable {
    List<Scored> sorted = new ArrayList<>(answers);
    sorted.sort(Comparator.comparingDouble((Scored answer) -> -answer.score()));
    int better = 0;
    for (int worse = 1; worse < sorted.size(); worse++) {
      boolean ties = sorted.get(worse).score() == sorted.get(worse - 1).score();
      better = ties ? better : worse;
      for (int i = 0; i < better; i++) {
        if (pairs.size() == MOST_PAIRS) {
          throw new Unusable("TOO_MANY_PAIRS", "it gives more than " + MOST_PAIRS + " pairs");
        }
        pairs.add(Pair.of(before, sorted.get(i).text(), sorted.get(worse).text()));
      }
    }
  }
}
