package io.lakeloop.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import io.lakeloop.algorithm.CrossEntropy;
import io.lakeloop.algorithm.PolicyLoss;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.LoraConfig;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may be chosen of the engine changes nothing but speed and memory. */
class EngineTest {
  private static final LmConfig TINY = LmConfig.llama(60, 16, 24, 2, 2, 1, 64);
  private static final AdamW.Settings STEP = new AdamW.Settings(0.01, 0.01, 1, 1e-8);
  private static final LoraConfig NONE = new LoraConfig(0, 1, 0, List.of());

  private static EngineSettings engine(boolean packing, boolean recompute) {
    return new EngineSettings(Precision.FLOAT32, NONE, packing, recompute, 16);
  }

  private static LocalSession session(EngineSettings engine) {
    return new LocalSession(CausalLm.initialise(TINY, 1), engine, 1);
  }

  /** Sequences of 3 to 11 tokens, of which the later are trained on. */
  private static TokenBatch batch() {
    List<int[]> sequences = new ArrayList<>();
    float[][] weights = new float[10][11];
    for (int b = 0; b < weights.length; b++) {
      int[] sequence = new int[3 + (4 * b) % 9];
      for (int t = 0; t < sequence.length; t++) {
        sequence[t] = (7 * b + 3 * t * t) % 60;
      }
      sequences.add(sequence);
      Arrays.fill(weights[b], 1, sequence.length - 1, 0.02f);
    }
    return Microbatches.pad(sequences, Map.of(TokenBatch.WEIGHTS, weights));
  }

  private static Map<String, float[]> gradients(LocalSession session) {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    for (Map.Entry<String, NDArray> entry : session.model().gradients().entrySet()) {
      gradients.put(entry.getKey(), entry.getValue().toFloatArray());
    }
    return gradients;
  }

  @Test
  void packedSequencesHaveTheGradientsOfPaddedOnes() {
    try (LocalSession padded = session(engine(false, false));
        LocalSession packed = session(engine(true, false))) {
      double loss = padded.forwardBackward(batch(), new CrossEntropy()).loss();
      assertThat(packed.forwardBackward(batch(), new CrossEntropy()).loss())
          .isCloseTo(loss, within(1e-6));
      assertClose(gradients(packed), gradients(padded), 1e-6f);
      float[][] expected = padded.evaluate(batch()).logProbs();
      float[][] found = packed.evaluate(batch()).logProbs();
      for (int b = 0; b < expected.length; b++) {
        assertThat(found[b]).containsExactly(expected[b], within(1e-5f));
      }
    }
  }

  @Test
  void packingTakesFewerRows() {
    TokenBatch batch = batch();
    assertThat(Layout.of(batch, true).rows().tokens().length).isLessThan(batch.size());
    assertThat(Layout.of(batch, false).rows().tokens()).hasDimensions(10, 11);
  }

  @Test
  void recomputedActivationsGiveTheSameBits() {
    try (LocalSession kept = session(engine(false, false));
        LocalSession recomputed = session(engine(false, true))) {
      kept.forwardBackward(batch(), new CrossEntropy());
      recomputed.forwardBackward(batch(), new CrossEntropy());
      Map<String, float[]> expected = gradients(kept);
      gradients(recomputed)
          .forEach((name, found) -> assertThat(found).as(name).isEqualTo(expected.get(name)));
    }
  }

  @Test
  void anAdapterIsTrainedAndItsBaseIsNot() {
    try (CausalLm base = CausalLm.initialise(TINY, 1);
        LocalSession session =
            new LocalSession(
                base.adapted(LoraConfig.allLinear(4, 8), 3), engine(false, false), 1)) {
      float[] before = base.parameters().get("model.norm.weight").toFloatArray();
      float[] embedding = base.parameters().get("model.embed_tokens.weight").toFloatArray();
      double first = session.forwardBackward(batch(), new CrossEntropy()).loss();
      double last = first;
      for (int step = 0; step < 80; step++) {
        session.optimStep(STEP);
        last = session.forwardBackward(batch(), new CrossEntropy()).loss();
      }
      // The head stays as it was drawn, so there is only so much to gain.
      assertThat(last).isLessThan(0.95 * first);
      assertThat(base.parameters().get("model.norm.weight").toFloatArray()).isEqualTo(before);
      assertThat(base.parameters().get("model.embed_tokens.weight").toFloatArray())
          .isEqualTo(embedding);
    }
  }

  @Test
  void aBfloat16BaseTrainsItsAdapterInSinglePrecision() {
    EngineSettings engine =
        new EngineSettings(Precision.BFLOAT16, LoraConfig.allLinear(4, 8), false, false, 16);
    try (CausalLm base = CausalLm.initialise(TINY, 1, Compute.cpu(), Precision.BFLOAT16);
        LocalSession session = new LocalSession(base.adapted(engine.lora(), 3), engine, 1)) {
      double first = session.forwardBackward(batch(), new CrossEntropy()).loss();
      double last = first;
      for (int step = 0; step < 80; step++) {
        session.optimStep(STEP);
        last = session.forwardBackward(batch(), new CrossEntropy()).loss();
      }
      assertThat(last).isLessThan(0.95 * first);
    }
  }

  @Test
  void aBfloat16BaseIsNotTrainedWhole() {
    assertThatThrownBy(() -> new EngineSettings(Precision.BFLOAT16, NONE, false, false, 1))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("only adapters are trained");
  }

  @Test
  void dropoutIsTheSameAfterStoppingAndResuming(@TempDir Path folder) {
    LoraConfig lora = new LoraConfig(4, 8, 0.4, List.of("q_proj", "down_proj"));
    List<float[]> ends = new ArrayList<>();
    for (boolean stops : new boolean[] {false, true}) {
      try (CausalLm base = CausalLm.initialise(TINY, 1)) {
        LocalSession session = new LocalSession(base.adapted(lora, 3), engine(true, true), 1);
        for (int step = 0; step < 6; step++) {
          if (stops && step == 3) {
            session.saveState(folder);
            session.close();
            session = new LocalSession(base.adapted(lora, 99), engine(true, true), 1);
            session.loadState(folder);
          }
          session.forwardBackward(batch(), new CrossEntropy());
          session.optimStep(STEP);
        }
        ends.add(
            session
                .model()
                .parameters()
                .get("base_model.model.model.layers.1.mlp.down_proj.lora_B.weight")
                .toFloatArray());
        session.close();
      }
    }
    assertThat(ends.get(1)).isEqualTo(ends.get(0));
  }

  @Test
  void fourRolesShareOneBase() {
    try (CausalLm reference = CausalLm.initialise(TINY, 1);
        CausalLm reward = reference.adapted(LoraConfig.allLinear(2, 4), 5)) {
      reward.randomiseScalarHead(7);
      CausalLm policy = reference.adapted(LoraConfig.allLinear(4, 8), 3);
      CausalLm value = reward.copy();
      assertThat(policy.sharesBaseWith(reward)).isTrue();
      try (LocalSession session = new LocalSession(policy, value, engine(false, false), 1);
          LocalSession frozen = new LocalSession(reference, engine(false, false), 1)) {
        TokenBatch batch = batch();
        // An untrained adapter is its base, and the copied value model its reward model.
        TrainingSession.Evaluation before = session.evaluate(batch);
        assertThat(before.logProbs()).isDeepEqualTo(frozen.evaluate(batch).logProbs());
        Map<String, float[][]> inputs = new LinkedHashMap<>(batch.inputs());
        inputs.put(TokenBatch.ADVANTAGES, batch.inputs().get(TokenBatch.WEIGHTS));
        inputs.put(TokenBatch.VALUE_WEIGHTS, batch.inputs().get(TokenBatch.WEIGHTS));
        inputs.put(TokenBatch.RETURNS, batch.inputs().get(TokenBatch.WEIGHTS));
        inputs.put(TokenBatch.OLD_LOG_PROBS, padded(before.logProbs()));
        inputs.put(TokenBatch.OLD_VALUES, padded(before.values()));
        TokenBatch rollout =
            new TokenBatch(batch.tokens(), batch.targets(), batch.lengths(), inputs);
        float[][] rewards =
            new LocalSession(reward, engine(false, false), 1).evaluate(batch).values();
        assertThat(before.values()).isDeepEqualTo(rewards);
        float[][] said = frozen.evaluate(batch).logProbs();
        session.forwardBackward(rollout, PolicyLoss.ppo(0.2, 0.2, 0.1));
        session.optimStep(STEP);
        assertThat(session.evaluate(batch).logProbs()[9]).isNotEqualTo(before.logProbs()[9]);
        assertThat(session.evaluate(batch).values()[9]).isNotEqualTo(before.values()[9]);
        // Reference and reward model are what they were.
        assertThat(frozen.evaluate(batch).logProbs()).isDeepEqualTo(said);
        assertThat(new LocalSession(reward, engine(false, false), 1).evaluate(batch).values())
            .isDeepEqualTo(rewards);
      }
    }
  }

  private static float[][] padded(float[][] rows) {
    return Arrays.stream(rows).map(row -> Arrays.copyOf(row, 11)).toArray(float[][]::new);
  }

  @Test
  void schedulesFallAsTheyAreNamed() {
    double[] constant = rates(LearningRate.Schedule.CONSTANT);
    double[] linear = rates(LearningRate.Schedule.LINEAR);
    double[] cosine = rates(LearningRate.Schedule.COSINE);
    assertThat(constant).containsExactly(new double[] {0.5, 1, 1, 1, 1, 1, 1, 1}, within(1e-9));
    assertThat(linear)
        .containsExactly(
            new double[] {0.5, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125}, within(1e-9));
    assertThat(cosine[4]).isCloseTo(0.5, within(1e-9));
    assertThat(cosine[2]).isCloseTo((1 + Math.sqrt(0.5)) / 2, within(1e-9));
  }

  private static double[] rates(LearningRate.Schedule schedule) {
    LearningRate rate = new LearningRate(schedule, 1, 2, 8);
    double[] rates = new double[8];
    for (int step = 0; step < 8; step++) {
      rates[step] = rate.at(step);
    }
    return rates;
  }

  private static void assertClose(
      Map<String, float[]> found, Map<String, float[]> expected, float tolerance) {
    expected.forEach(
        (name, values) ->
            assertThat(found.get(name)).as(name).containsExactly(values, within(tolerance)));
  }
}
