package io.lakeloop.reward;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Scores answers, and says what a difference of scores means. */
public interface RewardModel extends Scorer, AutoCloseable {

  /** How its scores are scaled, and what their differences mean. */
  Normalisation normalisation();

  /**
   * Chance that raters prefer the answer whose score is higher by {@code gap}, as it was fitted.
   */
  default double preferenceProbability(double gap) {
    return normalisation().preferenceProbability(gap);
  }

  /** Whether the answers of a pair differ in what the model reads of them. */
  default boolean tellsApart(PreferencePair pair) {
    return true;
  }

  /** What the model's head reads of each exchange: one vector of a fixed length. */
  double[][] features(List<Exchange> exchanges);

  /** The same model with probabilities of another temperature. */
  RewardModel calibrated(double temperature);

  /**
   * Writes the model.
   *
   * @param companions folder whose tokenizer it was trained with; of no use to models without one
   */
  void write(Path folder, Path companions) throws IOException;

  @Override
  default void close() {}
}
