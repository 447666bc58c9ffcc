package io.lakeloop.lm;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients against central differences in double precision, for every kind of weight. */
class GradientTest {
  private static final double STEP = 1e-5;
  private static final int PROBES = 8;
  private static final long DROPOUT_KEY = 77;
  private static final TokenRows ROWS =
      new TokenRows(
          new int[][] {{3, 9, 14, 2, 7, 11}, {8, 1, 30, 4, 5, 6}},
          new int[][] {{1, 1, 1, 2, 2, 2}, {3, 3, 3, 3, 3, 3}});
  private static final long[] INDEX = {0, 1, 3, 4, 6, 7, 8, 9, 10};
  private static final long[] TARGETS = {9, 14, 7, 11, 1, 30, 4, 5, 6};

  @ParameterizedTest
  @ValueSource(strings = {"llama3", "qwen2", "qwen3", "gpt2", "gemma2", "phi4", "olmo2", "granite"})
  void everyWeightsGradientIsTheSlope(String family) throws IOException {
    try (CausalLm model = load(family)) {
      model.randomiseScalarHead(3);
      assertSlopes(model);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama3", "gpt2", "gemma3", "phi4"})
  void soIsThatOfEveryAdapterWithItsDropout(String family) throws IOException {
    try (CausalLm base = load(family);
        CausalLm model =
            base.adapted(new LoraConfig(2, 6, 0.3, List.of(LoraConfig.ALL_LINEAR)), 4)) {
      shake(model);
      assertSlopes(model);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "gpt2", "gemma2"})
  void recomputedActivationsGiveTheSameBits(String family) throws IOException {
    try (CausalLm base = load(family);
        CausalLm model =
            base.adapted(new LoraConfig(2, 6, 0.3, List.of(LoraConfig.ALL_LINEAR)), 4)) {
      shake(model);
      for (CausalLm each : List.of(base, model)) {
        track(each);
        backward(each, false);
        List<double[]> kept = gradients(each);
        track(each);
        backward(each, true);
        List<double[]> recomputed = gradients(each);
        for (int i = 0; i < kept.size(); i++) {
          assertThat(recomputed.get(i)).isEqualTo(kept.get(i));
        }
      }
    }
  }

  @Test
  void anAdapterLeavesTheBaseWithoutGradients() throws IOException {
    try (CausalLm base = load("llama3");
        CausalLm model = base.adapted(LoraConfig.allLinear(2, 4), 4)) {
      track(model);
      backward(model, false);
      assertThat(base.isTracked()).isFalse();
    }
  }

  private static CausalLm load(String family) throws IOException {
    return new ModelFolder(Path.of("src/test/resources/lm", family))
        .load(Compute.cpu(), Precision.FLOAT64);
  }

  /** B starts at 0, where A has no gradient. */
  private static void shake(CausalLm model) {
    try (GradScope off = GradScope.off()) {
      model
          .parameters()
          .forEach(
              (name, array) -> {
                double[] values = new double[(int) array.size()];
                for (int i = 0; i < values.length; i++) {
                  values[i] = 0.3 * CounterRandom.gaussian(9, name.hashCode(), i);
                }
                array.set(values);
              });
    }
  }

  private static void assertSlopes(CausalLm model) {
    track(model);
    backward(model, false);
    Map<String, double[]> gradients = new LinkedHashMap<>();
    model.gradients().forEach((name, array) -> gradients.put(name, array.toDoubleArray()));
    model.untrack();
    for (Map.Entry<String, NDArray> entry : model.parameters().entrySet()) {
      double[] gradient = gradients.get(entry.getKey());
      double error = 0;
      double size = 0;
      for (int probe = 0; probe < Math.min(PROBES, gradient.length); probe++) {
        int i =
            gradient.length <= PROBES
                ? probe
                : CounterRandom.below(gradient.length, 5, entry.getKey().hashCode(), probe);
        double slope = slope(model, entry.getValue(), i);
        error += Math.pow(slope - gradient[i], 2);
        size += slope * slope;
      }
      assertThat(Math.sqrt(error))
          .as("%s: norm of the slopes %s", entry.getKey(), Math.sqrt(size))
          .isLessThanOrEqualTo(1e-5 * Math.sqrt(size) + 1e-12);
    }
  }

  private static double slope(CausalLm model, NDArray weight, int i) {
    try (GradScope off = GradScope.off()) {
      double[] at = weight.toDoubleArray();
      double before = at[i];
      at[i] = before + STEP;
      weight.set(at);
      double above = loss(model);
      at[i] = before - STEP;
      weight.set(at);
      double below = loss(model);
      at[i] = before;
      weight.set(at);
      return (above - below) / (2 * STEP);
    }
  }

  private static void track(CausalLm model) {
    model.untrack();
    model.track();
  }

  private static List<double[]> gradients(CausalLm model) {
    return model.gradients().values().stream().map(NDArray::toDoubleArray).toList();
  }

  private static double loss(CausalLm model) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return loss(model, model.trace(ROWS, DROPOUT_KEY, false).hidden()).getDouble();
    }
  }

  private static void backward(CausalLm model, boolean recompute) {
    try (GradScope recording = GradScope.recording();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      Trace trace = model.trace(ROWS, DROPOUT_KEY, recompute);
      NDArray leaf = GradScope.leaf(trace.hidden());
      GradScope.backward(loss(model, leaf));
      trace.backward(leaf.getGradient());
    }
  }

  /** Log-probs and values, each position weighing differently. */
  private static NDArray loss(CausalLm model, NDArray hidden) {
    NDArray rows = Kernels.rows(hidden, model.memory().ids(INDEX, INDEX.length));
    double[] weights = new double[INDEX.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Math.cos(i);
    }
    NDArray w = model.memory().doubles(weights).duplicate();
    NDArray logProbs =
        Kernels.targetLogProbs(
            model.logits(rows),
            model.memory().ids(TARGETS, TARGETS.length),
            0.7,
            Precision.FLOAT64);
    return logProbs.mul(w).sum().add(model.scalars(rows).mul(w).sum());
  }
}
