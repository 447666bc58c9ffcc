package io.lakeloop.reward;

import java.util.List;

/** Scores answers: the higher, the more raters are expected to like it. */
public interface RewardModel extends AutoCloseable {

  /** One score per exchange, in their order. */
  double[] score(List<Exchange> exchanges);

  /**
   * Chance that raters prefer the answer whose score is higher by {@code gap}, as it was fitted.
   */
  double preferenceProbability(double gap);

  @Override
  default void close() {}
}
