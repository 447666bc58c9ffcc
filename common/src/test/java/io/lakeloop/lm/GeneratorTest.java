package io.lakeloop.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeneratorTest {
  private static final SpecialTokens NONE = new SpecialTokens(List.of(), List.of());

  private static CausalLm model(String family) throws IOException {
    return new ModelFolder(Path.of("src/test/resources/lm", family)).load();
  }

  private static List<Generator.Request> requests(int n) {
    List<Generator.Request> requests = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int[] prompt = new int[2 + i % 9];
      for (int t = 0; t < prompt.length; t++) {
        prompt[t] = 4 + CounterRandom.below(300, 9, i, t);
      }
      requests.add(new Generator.Request(prompt, CounterRandom.bits(5, i)));
    }
    return requests;
  }

  private static Generator.Settings settings(int newTokens, SpecialTokens special, int slots) {
    return new Generator.Settings(newTokens, 1, 0, 1, special, slots);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "llama3", "qwen2", "qwen3", "mistral", "gpt2"})
  void tokensDoNotDependOnSlotsOrCompany(String family) throws IOException {
    // Enough ends that sequences leave and enter all the time.
    SpecialTokens ends =
        new SpecialTokens(List.of(30, 71, 100, 200, 262, 290, 300, 310), List.of());
    try (CausalLm model = model(family)) {
      Generator generator = new Generator(model);
      List<Generator.Request> requests = requests(20);
      List<Generator.Completion> roomy = generator.generate(requests, settings(24, ends, 20));
      List<Generator.Completion> cramped = generator.generate(requests, settings(24, ends, 3));
      for (int i = 0; i < requests.size(); i++) {
        int[] alone =
            generator.generate(List.of(requests.get(i)), settings(24, ends, 1)).get(0).tokens();
        assertThat(roomy.get(i).tokens()).isEqualTo(alone);
        assertThat(cramped.get(i).tokens()).isEqualTo(alone);
      }
      assertThat(roomy.stream().map(c -> c.tokens().length).distinct().count()).isGreaterThan(2);
    }
  }

  @Test
  void anyOfTheEndTokensEndsACompletion() throws IOException {
    try (CausalLm model = model("llama3")) {
      List<Generator.Request> requests = requests(12);
      List<Generator.Completion> endless =
          new Generator(model).generate(requests, settings(40, NONE, 12));
      SpecialTokens ends = new SpecialTokens(List.of(71, 215), List.of());
      List<Generator.Completion> ended =
          new Generator(model).generate(requests, settings(40, ends, 12));
      int stopped = 0;
      for (int i = 0; i < requests.size(); i++) {
        int[] tokens = endless.get(i).tokens();
        int end = 0;
        while (end < tokens.length && tokens[end] != 71 && tokens[end] != 215) {
          end++;
        }
        assertThat(ended.get(i).ended()).isEqualTo(end < tokens.length);
        assertThat(ended.get(i).tokens())
            .isEqualTo(Arrays.copyOf(tokens, Math.min(tokens.length, end + 1)));
        stopped += ended.get(i).ended() ? 1 : 0;
      }
      assertThat(stopped).isPositive();
    }
  }

  @Test
  void anAdapterSpeaksForItselfAndTheBaseForItself() throws IOException {
    try (CausalLm base = model("llama3");
        CausalLm adapted =
            new AdapterFolder(Path.of("src/test/resources/lm/llama3/adapter")).load(base)) {
      Generator.Settings greedy = Generator.Settings.whole(16, 0, NONE);
      List<Generator.Request> requests = requests(4);
      List<Generator.Completion> before = new Generator(base).generate(requests, greedy);
      List<Generator.Completion> other = new Generator(adapted).generate(requests, greedy);
      List<Generator.Completion> after = new Generator(base).generate(requests, greedy);
      for (int i = 0; i < requests.size(); i++) {
        assertThat(after.get(i).tokens()).isEqualTo(before.get(i).tokens());
      }
      assertThat(other.stream().map(c -> Arrays.toString(c.tokens())))
          .isNotEqualTo(before.stream().map(c -> Arrays.toString(c.tokens())));
    }
  }

  @Test
  void aSequenceLongerThanTheModelReadsIsRefused() throws IOException {
    try (CausalLm model = model("mistral")) {
      assertThatThrownBy(() -> new Generator(model).generate(requests(1), settings(128, NONE, 1)))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("pass the 128 positions");
    }
  }

  @Test
  void topKAndTopPShutOutTheUnlikely() {
    // Chances 0.4, 0.3, 0.2, 0.1 in a mixed order.
    float[] logits = {
      (float) Math.log(0.2), (float) Math.log(0.4), (float) Math.log(0.1), (float) Math.log(0.3)
    };
    assertThat(drawn(logits, 0, 1)).containsExactly(0, 1, 2, 3);
    assertThat(drawn(logits, 2, 1)).containsExactly(1, 3);
    assertThat(drawn(logits, 0, 0.65)).containsExactly(1, 3);
    assertThat(drawn(logits, 0, 0.75)).containsExactly(0, 1, 3);
    assertThat(drawn(logits, 0, 0.01)).containsExactly(1);
    assertThat(drawn(logits, 9, 1)).containsExactly(0, 1, 2, 3);
    assertThat(drawn(logits, 0, 1, 1)).containsExactly(0, 2, 3);
  }

  @Test
  void aTokenIsDrawnAsOftenAsItIsLikely() {
    float[] logits = {(float) Math.log(0.2), (float) Math.log(0.7), (float) Math.log(0.1)};
    int[] counts = new int[3];
    int n = 2000;
    for (int i = 0; i < n; i++) {
      counts[draw(logits, (i + 0.5) / n, 0, 1)]++;
    }
    // The uniform numbers are evenly spread, so the counts are exact.
    assertThat(counts).containsExactly(400, 1400, 200);
  }

  @Test
  void logProbsAreThoseOfTheTemperedDistribution() {
    try (Compute.Memory memory = Compute.cpu().memory();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray logits = memory.constant(new float[] {0, 2, 1}, new Shape(1, 3));
      double logProb =
          Kernels.draw(
                  logits, memory.ids(new long[0], 0), memory.doubles(new double[] {0}), 0.5, 1, 1)
              .get(1)
              .toDoubleArray()[0];
      double expected = -Math.log(Math.exp(-4) + 1 + Math.exp(-2));
      assertThat(logProb).isCloseTo(expected, within(1e-9));
    }
  }

  private static Set<Integer> drawn(float[] logits, int topK, double topP, long... banned) {
    Set<Integer> drawn = new TreeSet<>();
    for (int i = 0; i < 400; i++) {
      drawn.add(draw(logits, i / 400.0, topK, topP, banned));
    }
    return drawn;
  }

  private static int draw(float[] logits, double uniform, int topK, double topP, long... banned) {
    try (Compute.Memory memory = Compute.cpu().memory()) {
      return (int)
          Kernels.draw(
                  memory.constant(logits, new Shape(1, logits.length)),
                  memory.ids(banned, banned.length),
                  memory.doubles(new double[] {uniform}),
                  1,
                  topK,
                  topP)
              .get(0)
              .toLongArray()[0];
    }
  }

  @Test
  void bfloat16GeneratesToo() throws IOException {
    try (CausalLm model =
        new ModelFolder(Path.of("src/test/resources/lm/qwen3"))
            .load(Compute.cpu(), Precision.BFLOAT16)) {
      List<Generator.Completion> drawn =
          new Generator(model).generate(requests(5), settings(10, NONE, 2));
      assertThat(drawn).allSatisfy(c -> assertThat(c.tokens()).hasSize(10));
    }
  }
}
