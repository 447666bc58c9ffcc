package io.lakeloop.session;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import java.util.Arrays;

/**
 * A model's outputs at chosen positions of its hidden states, and their way back. Logits take a
 * float per position and vocabulary entry: where all of them would be too many they are computed
 * part by part, and again on the way back.
 */
final class Heads {
  /** Logits held at once. */
  private static final long MAX_LOGITS = 1L << 26;

  private final CausalLm model;
  private final NDArray hidden;
  private final Layout.Positions positions;
  private final double temperature;

  /**
   * @param hidden states (rows, width, D); a leaf where gradients are wanted
   */
  Heads(CausalLm model, NDArray hidden, Layout.Positions positions, double temperature) {
    this.model = model;
    this.hidden = hidden;
    this.positions = positions;
    this.temperature = temperature;
  }

  /** One output per position: log-probs, values or entropies. */
  private interface Output {
    NDArray of(int from, int to);
  }

  /** Outputs that were computed, and how their gradient goes back to the hidden states. */
  final class Result {
    private final Output output;
    private final int step;
    private final float[] values;
    private NDArray attached;

    private Result(Output output, int step) {
      this.output = output;
      this.step = step;
      this.values = new float[positions.size()];
      if (step >= positions.size()) {
        attached = output.of(0, positions.size());
        take(attached, 0);
        return;
      }
      for (int from = 0; from < positions.size(); from += step) {
        try (GradScope off = GradScope.off();
            NDScope scope = new NDScope()) {
          scope.suppressNotUsedWarning();
          take(output.of(from, to(from)), from);
        }
      }
    }

    private int to(int from) {
      return Math.min(positions.size(), from + step);
    }

    private void take(NDArray part, int from) {
      float[] taken = part.toFloatArray();
      System.arraycopy(taken, 0, values, from, taken.length);
    }

    float[][] spread(int sequences, int width) {
      return positions.spread(values, sequences, width);
    }

    void backward(float[][] gradient) {
      float[] flat = positions.gathered(gradient);
      if (attached != null) {
        GradScope.backward(attached, constant(flat));
        return;
      }
      for (int from = 0; from < flat.length; from += step) {
        try (NDScope scope = new NDScope()) {
          scope.suppressNotUsedWarning();
          GradScope.backward(
              output.of(from, to(from)), constant(Arrays.copyOfRange(flat, from, to(from))));
        }
      }
    }
  }

  private NDArray constant(float[] values) {
    return model.memory().constant(values, new Shape(values.length));
  }

  private NDArray rows(int from, int to) {
    return Kernels.rows(
        hidden, model.memory().ids(Arrays.copyOfRange(positions.index(), from, to), to - from));
  }

  private int logitRows() {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, MAX_LOGITS / model.config().vocabSize()));
  }

  Result logProbs() {
    return new Result(
        (from, to) ->
            Kernels.targetLogProbs(
                model.logits(rows(from, to)),
                model.memory().ids(Arrays.copyOfRange(positions.targets(), from, to), to - from),
                temperature,
                model.precision()),
        logitRows());
  }

  Result entropies() {
    return new Result(
        (from, to) -> Kernels.entropy(model.logits(rows(from, to)), temperature, model.precision()),
        logitRows());
  }

  Result values() {
    return new Result((from, to) -> model.scalars(rows(from, to)), Integer.MAX_VALUE);
  }
}
