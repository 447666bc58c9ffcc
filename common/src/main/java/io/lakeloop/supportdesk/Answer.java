package io.lakeloop.supportdesk;

import io.lakeloop.algorithm.CounterRandom;
import java.util.ArrayList;
import java.util.List;

/** Draws an answer of one of the desk's two model versions; the second is somewhat better. */
final class Answer {
  private Answer() {}

  /** Shares of the kinds of parts that a model version puts into its answers. */
  private record Habits(
      double correct, double wrong, double warm, double rude, double unsafe, double filler) {}

  private static final Habits OLD = new Habits(0.42, 0.24, 0.40, 0.12, 0.09, 0.40);
  private static final Habits NEW = new Habits(0.56, 0.18, 0.50, 0.06, 0.05, 0.30);

  static String draw(Topic topic, String product, boolean newModel, long key) {
    Habits habits = newModel ? NEW : OLD;
    List<String> sentences = new ArrayList<>();
    double opening = CounterRandom.uniform(key, 1);
    if (opening < habits.warm()) {
      sentences.add(pick(DeskLanguage.WARM, key, 2));
    } else if (opening < habits.warm() + habits.rude()) {
      sentences.add(pick(DeskLanguage.RUDE, key, 2));
    }
    sentences.add(body(topic, habits, key));
    if (CounterRandom.uniform(key, 6) < habits.unsafe()) {
      sentences.add(pick(DeskLanguage.UNSAFE, key, 7));
    }
    if (CounterRandom.uniform(key, 8) < habits.filler()) {
      sentences.add(pick(DeskLanguage.FILLER, key, 9));
    }
    if (CounterRandom.uniform(key, 10) < 0.4) {
      sentences.add(pick(DeskLanguage.CLOSING, key, 11));
    }
    return String.join(" ", sentences).replace("{product}", product);
  }

  private static String body(Topic topic, Habits habits, long key) {
    double kind = CounterRandom.uniform(key, 3);
    if (kind < habits.correct()) {
      return topic.solution();
    }
    if (kind < habits.correct() + habits.wrong()) {
      Topic[] topics = Topic.values();
      int other = 1 + CounterRandom.below(topics.length - 1, key, 4);
      return topics[(topic.ordinal() + other) % topics.length].solution();
    }
    return pick(DeskLanguage.VAGUE, key, 5);
  }

  private static String pick(List<String> sentences, long key, long part) {
    return sentences.get(CounterRandom.below(sentences.size(), key, part));
  }
}
