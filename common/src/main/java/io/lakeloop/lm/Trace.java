package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import io.lakeloop.lm.torch.GradScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * One pass through a model's layers, and the way back. Either autograd remembers the whole pass, or
 * only what entered each stage is kept and the rest computed again (Chen et al. 2016, <a
 * href="https://arxiv.org/abs/1604.06174">1604.06174</a>); the gradients have the same bits.
 */
public final class Trace {
  private final Supplier<NDArray> embedding;
  private final boolean learnsEmbedding;
  private final Stage stages;

  /** What entered each stage; only in recomputation. */
  private final List<NDArray> inputs = new ArrayList<>();

  private NDArray hidden;

  /** A layer by its number, or behind the last the closing norm. */
  @FunctionalInterface
  interface Stage {
    NDArray of(int stage, NDArray x);
  }

  private Trace(Supplier<NDArray> embedding, boolean learnsEmbedding, Stage stages) {
    this.embedding = embedding;
    this.learnsEmbedding = learnsEmbedding;
    this.stages = stages;
  }

  static Trace run(
      int layers,
      Supplier<NDArray> embedding,
      boolean learnsEmbedding,
      Stage stages,
      boolean recompute) {
    Trace trace = new Trace(embedding, learnsEmbedding, stages);
    try (GradScope grad = recompute ? GradScope.off() : GradScope.unchanged()) {
      NDArray x = embedding.get();
      for (int stage = 0; stage <= layers; stage++) {
        if (recompute) {
          trace.inputs.add(x);
        }
        x = kept(stages, stage, x);
      }
      trace.hidden = x;
    }
    return trace;
  }

  /** Runs a stage and lets go of all that it made but its result. */
  private static NDArray kept(Stage stages, int stage, NDArray x) {
    NDArray y;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      y = stages.of(stage, x);
      NDScope.unregister(y);
    }
    NDScope.register(y);
    return y;
  }

  /** Hidden states (B, T, D) behind the last norm. */
  public NDArray hidden() {
    return hidden;
  }

  /** Adds the gradients that follow from the hidden states' gradient (B, T, D). */
  public void backward(NDArray gradient) {
    if (inputs.isEmpty()) {
      GradScope.backward(hidden, gradient);
      return;
    }
    NDArray current = gradient;
    for (int stage = inputs.size() - 1; stage >= 0; stage--) {
      NDArray before;
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        NDArray leaf = GradScope.leaf(inputs.get(stage));
        GradScope.backward(stages.of(stage, leaf), current);
        before = leaf.getGradient();
        NDScope.unregister(before);
      }
      NDScope.register(before);
      current = before;
    }
    if (learnsEmbedding) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        GradScope.backward(embedding.get(), current);
      }
    }
  }
}
