package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
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

  public double[] atLastToken(List<int[]> sequences) {
    double[] scores = new double[sequences.size()];
    for (int from = 0; from < scores.length; from += batchSize) {
      List<int[]> part = sequences.subList(from, Math.min(scores.length, from + batchSize));
      int width = part.stream().mapToInt(s -> s.length).max().orElseThrow();
      int[][] padded = part.stream().map(s -> Arrays.copyOf(s, width)).toArray(int[][]::new);
      try (GradScope off = GradScope.off();
          NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        long[] last = new long[padded.length];
        for (int b = 0; b < last.length; b++) {
          last[b] = (long) b * width + part.get(b).length - 1;
        }
        NDArray hidden =
            Kernels.rows(
                model.hidden(TokenRows.padded(padded)), model.memory().ids(last, last.length));
        float[] values = model.scalars(hidden).toFloatArray();
        for (int b = 0; b < last.length; b++) {
          scores[from + b] = values[b];
        }
      }
    }
    return scores;
  }
}
