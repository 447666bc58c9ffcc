package io.lakeloop.reward;

import java.util.List;

/** Scores answers: the higher, the more raters are expected to like it. */
@FunctionalInterface
public interface Scorer {

  /** One score per exchange, in their order. */
  double[] score(List<Exchange> exchanges);
}
