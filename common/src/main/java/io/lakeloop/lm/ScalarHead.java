package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;
import java.util.Arrays;
import java.util.List;

/** Reads the scalar head at the last token of each sequence: a reward model's score (D7). */
public final class ScalarHead {
  private final CausalLm model;
  private final int batchSize;

  public ScalarHead(CausalLm model, int batchSize) {
    this.model = model;
    this.batchSize = batchSize;
  }

  /** The head's value at the last token of each sequence. */
  public double[] atLastToken(List<int[]> sequences) {
    double[] scores = new double[sequences.size()];
    eachBatch(
        sequences,
        (from, hidden) -> {
          float[] values = model.scalars(hidden).toFloatArray();
          for (int b = 0; b < values.length; b++) {
            scores[from + b] = values[b];
          }
        });
    return scores;
  }

  /** What the head reads there: the last layer's hidden state. */
  public double[][] hiddenAtLastToken(List<int[]> sequences) {
    double[][] states = new double[sequences.size()][model.config().hiddenSize()];
    eachBatch(
        sequences,
        (from, hidden) -> {
          float[] values = Kernels.cast(hidden, Precision.FLOAT32).toFloatArray();
          int size = model.config().hiddenSize();
          for (int i = 0; i < values.length; i++) {
            states[from + i / size][i % size] = values[i];
          }
        });
    return states;
  }

  /** Takes the hidden states of one batch, (B, D), whose first sequence is at a place. */
  @FunctionalInterface
  private interface Batch {
    void take(int from, NDArray hidden);
  }

  private void eachBatch(List<int[]> sequences, Batch batch) {
    for (int from = 0; from < sequences.size(); from += batchSize) {
      List<int[]> part = sequences.subList(from, Math.min(sequences.size(), from + batchSize));
      int width = part.stream().mapToInt(s -> s.length).max().orElseThrow();
      int[][] padded = part.stream().map(s -> Arrays.copyOf(s, width)).toArray(int[][]::new);
      try (GradScope off = GradScope.off();
          NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        long[] last = new long[padded.length];
        for (int b = 0; b < last.length; b++) {
          last[b] = (long) b * width + part.get(b).length - 1;
        }
        batch.take(
            from,
            Kernels.rows(
                model.hidden(TokenRows.padded(padded)), model.memory().ids(last, last.length)));
      }
    }
  }
}
