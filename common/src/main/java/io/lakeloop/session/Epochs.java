package io.lakeloop.session;

import io.lakeloop.algorithm.CounterRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks through examples in batches, each epoch in a fresh order that depends on the seed alone;
 * every example comes exactly once per epoch, the last batch of an epoch may be smaller.
 */
public record Epochs<T>(List<T> examples, int batchSize, int epochs, long seed) {

  public int totalSteps() {
    return epochs * stepsPerEpoch();
  }

  private int stepsPerEpoch() {
    return (examples.size() + batchSize - 1) / batchSize;
  }

  /** Examples of a step, counted from 0. */
  public List<T> batch(int step) {
    int[] order = CounterRandom.permutation(examples.size(), seed, step / stepsPerEpoch());
    int from = step % stepsPerEpoch() * batchSize;
    List<T> batch = new ArrayList<>();
    for (int i = from; i < Math.min(examples.size(), from + batchSize); i++) {
      batch.add(examples.get(order[i]));
    }
    return batch;
  }
}
