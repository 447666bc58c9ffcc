package io.lakeloop.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDScope;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.Microbatches;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CausalLmTest {
  private static final int PAD = 0;
  private static final SpecialTokens SPECIAL = new SpecialTokens(List.of(1), List.of(PAD));
  private static final LmConfig TINY = LmConfig.llama(40, 16, 24, 2, 2, 1, 64);

  @Test
  void laterTokensDoNotReachEarlierPositions() {
    try (CausalLm model = CausalLm.initialise(TINY, 1);
        GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      float[] one =
          model.hidden(TokenRows.padded(new int[][] {{5, 6, 7, 8}})).get(":, :3").toFloatArray();
      float[] other =
          model.hidden(TokenRows.padded(new int[][] {{5, 6, 7, 30}})).get(":, :3").toFloatArray();
      assertThat(one).isEqualTo(other);
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

  @Test
  void aSequenceAloneAndInABatchDrawsTheSameTokens() {
    try (CausalLm model = CausalLm.initialise(TINY, 3)) {
      Generator generator = new Generator(model);
      Generator.Settings settings = Generator.Settings.whole(20, 1, SPECIAL);
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
        LocalSession session = new LocalSession(model, EngineSettings.plain(8), 1)) {
      int[] prompt = {7, 8, 9};
      Generator.Completion drawn =
          session
              .sample(
                  List.of(new Generator.Request(prompt, 11)),
                  Generator.Settings.whole(24, 1, SPECIAL))
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
        LocalSession session = new LocalSession(model, EngineSettings.plain(8), 1)) {
      enlarge(model);
      int n = 4000;
      List<Generator.Request> requests = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        requests.add(new Generator.Request(new int[] {7, 8}, CounterRandom.bits(6, i)));
      }
      double[] counts = new double[40];
      session
          .sample(requests, Generator.Settings.whole(1, 1, SPECIAL))
          .forEach(completion -> counts[completion.tokens()[0]]++);
      double chiSquare = 0;
      double padding = probability(session, PAD);
      for (int v = 1; v < 40; v++) {
        double expected = n * probability(session, v) / (1 - padding);
        chiSquare += Math.pow(counts[v] - expected, 2) / expected;
      }
      // 99.9 % quantile for 38 degrees of freedom.
      assertThat(chiSquare).isLessThan(70.7);
      assertThat(counts[PAD]).isZero();
    }
  }

  private static double probability(LocalSession session, int token) {
    int[] sequence = {7, 8, token};
    return Math.exp(
        session.evaluate(Microbatches.pad(List.of(sequence), Map.of())).logProbs()[0][1]);
  }
}
