package io.lakeloop.session;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks through examples in batches, each epoch in a fresh order that depends on the seed alone;
 * every example comes exactly once per epoch, the last batch of an epoch may be smaller.
 */
public record Epochs<T>(List<T> examples, int batchSize, int epochs, long seed) {
  private static final int MOST_STEPS = 10_000_000;

  /**
   * Steps of all epochs.
   *
   * @throws UserError CONFIG_INVALID if they are more than a training may have
   */
  public int totalSteps() {
    long steps = (long) epochs * stepsPerEpoch();
    if (steps > MOST_STEPS) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot train: %d epochs over %d examples in batches of %d are %d steps, more than %d."
              + " Lower epochs or raise batch-size.",
          epochs,
          examples.size(),
          batchSize,
          steps,
          MOST_STEPS);
    }
    return (int) steps;
  }

  private int stepsPerEpoch() {
    return (int) ((examples.size() - 1L + batchSize) / batchSize);
  }

  /** Examples of a step, counted from 0. */
  public List<T> batch(int step) {
    int[] order = CounterRandom.permutation(examples.size(), seed, step / stepsPerEpoch());
    int from = step % stepsPerEpoch() * batchSize;
    int to = (int) Math.min(examples.size(), (long) from + batchSize);
    List<T> batch = new ArrayList<>();
    for (int i = from; i < to; i++) {
      batch.add(examples.get(order[i]));
    }
    return batch;
  }
}
