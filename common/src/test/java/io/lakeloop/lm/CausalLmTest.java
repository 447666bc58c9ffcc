package io.lakeloop.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.algorithm.CrossEntropy;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.Microbatches;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CausalLmTest {
  private static final LmConfig TINY = new LmConfig(40, 16, 24, 2, 2, 64, 10_000, 1e-5);

  @Test
  void laterTokensDoNotReachEarlierPositions() {
    try (CausalLm model = CausalLm.initialise(TINY, 1);
        GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      float[] one = model.hidden(new int[][] {{5, 6, 7, 8}}).get(":, :3").toFloatArray();
      float[] other = model.hidden(new int[][] {{5, 6, 7, 30}}).get(":, :3").toFloatArray();
      assertThat(one).isEqualTo(other);
    }
  }

  @Test
  void gradientsAgreeWithCentralDifferences() {
    try (CausalLm model = CausalLm.initialise(TINY, 2);
        LocalSession session = new LocalSession(model, 4, 1)) {
      enlarge(model);
      TokenBatch batch = batch();
      session.forwardBackward(batch, new CrossEntropy());
      for (Map.Entry<String, NDArray> entry : model.parameters().entrySet()) {
        if (!entry.getKey().equals(CausalLm.SCALAR_HEAD)) {
          assertSlope(session, batch, entry.getKey(), entry.getValue());
        }
      }
    }
  }

  /** Weights of 0.02 give gradients too small to be seen through single precision. */
  private static void enlarge(CausalLm model) {
    try (GradScope off = GradScope.off()) {
      model
          .parameters()
          .forEach(
              (name, parameter) -> {
                if (parameter.getShape().dimension() > 1) {
                  parameter.muli(10);
                }
              });
    }
  }

  /** Along the gradient itself the slope is the gradient's norm. */
  private static void assertSlope(
      LocalSession session, TokenBatch batch, String name, NDArray parameter) {
    float[] at = parameter.toFloatArray();
    float[] gradient;
    try (NDArray handle = parameter.getGradient()) {
      gradient = handle.toFloatArray();
    }
    double norm = 0;
    for (float g : gradient) {
      norm += (double) g * g;
    }
    norm = Math.sqrt(norm);
    double step = 1e-2;
    double slope =
        (moved(session, batch, parameter, at, gradient, step / norm)
                - moved(session, batch, parameter, at, gradient, -step / norm))
            / (2 * step);
    assertThat(slope).as(name).isCloseTo(norm, within(2e-3 * norm + 1e-4));
  }

  private static double moved(
      LocalSession session,
      TokenBatch batch,
      NDArray parameter,
      float[] at,
      float[] direction,
      double step) {
    float[] there = new float[at.length];
    for (int i = 0; i < at.length; i++) {
      there[i] = (float) (at[i] + step * direction[i]);
    }
    try (GradScope off = GradScope.off()) {
      parameter.set(there);
      float[][] logProbs = session.evaluate(batch).logProbs();
      parameter.set(at);
      return new CrossEntropy().evaluate(batch, logProbs, null).loss();
    }
  }

  private static TokenBatch batch() {
    List<int[]> rows =
        List.of(new int[] {3, 9, 14, 2, 7}, new int[] {8, 1, 30}, new int[] {4, 5, 6, 7});
    float[][] weights = new float[3][5];
    for (int b = 0; b < 3; b++) {
      Arrays.fill(weights[b], 0, rows.get(b).length - 1, 1f / 9);
    }
    return Microbatches.pad(rows, Map.of(TokenBatch.WEIGHTS, weights));
  }

  @Test
  void aSequenceAloneAndInABatchDrawsTheSameTokens() {
    try (CausalLm model = CausalLm.initialise(TINY, 3)) {
      Generator generator = new Generator(model);
      Generator.Settings settings = new Generator.Settings(20, 1);
      List<Generator.Request> requests = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int[] prompt = new int[2 + i];
        for (int t = 0; t < prompt.length; t++) {
          prompt[t] = 4 + CounterRandom.below(36, 9, i, t);
        }
        requests.add(new Generator.Request(prompt, CounterRandom.bits(5, i)));
      }
      List<Generator.Completion> together = generator.generate(requests, settings);
      for (int i = 0; i < 8; i++) {
        Generator.Completion alone = generator.generate(List.of(requests.get(i)), settings).get(0);
        assertThat(alone.tokens()).isEqualTo(together.get(i).tokens());
      }
    }
  }

  @Test
  void cachedGenerationFollowsTheModelWithoutCache() {
    try (CausalLm model = CausalLm.initialise(TINY, 4);
        LocalSession session = new LocalSession(model, 8, 1)) {
      int[] prompt = {7, 8, 9};
      Generator.Completion drawn =
          session
              .sample(List.of(new Generator.Request(prompt, 11)), new Generator.Settings(24, 1))
              .get(0);
      int[] sequence = ChatEncoder.join(prompt, drawn.tokens()).tokens();
      float[] logProbs =
          session.evaluate(Microbatches.pad(List.of(sequence), Map.of())).logProbs()[0];
      for (int t = 0; t < drawn.tokens().length; t++) {
        assertThat(logProbs[prompt.length - 1 + t]).isCloseTo(drawn.logProbs()[t], within(1e-4f));
      }
    }
  }

  @Test
  void drawnTokensFollowTheModelsDistribution() {
    try (CausalLm model = CausalLm.initialise(TINY, 5);
        LocalSession session = new LocalSession(model, 8, 1)) {
      enlarge(model);
      int n = 4000;
      List<Generator.Request> requests = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        requests.add(new Generator.Request(new int[] {7, 8}, CounterRandom.bits(6, i)));
      }
      double[] counts = new double[40];
      session
          .sample(requests, new Generator.Settings(1, 1))
          .forEach(completion -> counts[completion.tokens()[0]]++);
      double chiSquare = 0;
      double padding = probability(session, Tokenizer.PAD);
      for (int v = 1; v < 40; v++) {
        double expected = n * probability(session, v) / (1 - padding);
        chiSquare += Math.pow(counts[v] - expected, 2) / expected;
      }
      // 99.9 % quantile for 38 degrees of freedom.
      assertThat(chiSquare).isLessThan(70.7);
      assertThat(counts[Tokenizer.PAD]).isZero();
    }
  }

  private static double probability(LocalSession session, int token) {
    int[] sequence = {7, 8, token};
    return Math.exp(
        session.evaluate(Microbatches.pad(List.of(sequence), Map.of())).logProbs()[0][1]);
  }

  @Test
  void aCheckpointKeepsEveryBit(@TempDir Path folder) throws Exception {
    new BpeTrainer(300).train(List.of("a b"), folder.resolve("source.json"));
    Checkpoint checkpoint = new Checkpoint(folder.resolve("model"));
    try (CausalLm model = CausalLm.initialise(TINY, 6)) {
      checkpoint.write(model, folder.resolve("source.json"));
      try (CausalLm loaded = checkpoint.load()) {
        assertThat(loaded.config()).isEqualTo(TINY);
        model
            .parameters()
            .forEach(
                (name, array) ->
                    assertThat(loaded.parameters().get(name).toFloatArray())
                        .as(name)
                        .isEqualTo(array.toFloatArray()));
      }
    }
  }
}
