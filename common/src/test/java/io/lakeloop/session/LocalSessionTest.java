package io.lakeloop.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import io.lakeloop.algorithm.CrossEntropy;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalSessionTest {
  private static final LmConfig TINY = LmConfig.llama(40, 16, 24, 2, 2, 1, 64);
  private static final AdamW.Settings STEP = new AdamW.Settings(0.01, 0.01, 1, 1e-8);

  private static LocalSession session(int microbatchRows) {
    return new LocalSession(CausalLm.initialise(TINY, 1), EngineSettings.plain(microbatchRows), 1);
  }

  private static TokenBatch batch(int rows, int offset) {
    List<int[]> sequences = new ArrayList<>();
    float[][] weights = new float[rows][8];
    for (int b = 0; b < rows; b++) {
      int[] sequence = new int[4 + b % 5];
      for (int t = 0; t < sequence.length; t++) {
        sequence[t] = 4 + (7 * b + 3 * t + offset) % 36;
      }
      sequences.add(sequence);
      Arrays.fill(weights[b], 0, sequence.length - 1, 0.02f);
    }
    return Microbatches.pad(sequences, Map.of(TokenBatch.WEIGHTS, weights));
  }

  private static float[] weights(LocalSession session) {
    List<Float> all = new ArrayList<>();
    for (NDArray parameter : session.model().parameters().values()) {
      for (float value : parameter.toFloatArray()) {
        all.add(value);
      }
    }
    float[] flat = new float[all.size()];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = all.get(i);
    }
    return flat;
  }

  @Test
  void oneBatchOfEightEqualsEightOfOne() {
    try (LocalSession whole = session(8);
        LocalSession accumulated = session(1)) {
      for (int step = 0; step < 5; step++) {
        whole.forwardBackward(batch(8, step), new CrossEntropy());
        accumulated.forwardBackward(batch(8, step), new CrossEntropy());
        assertThat(accumulated.optimStep(STEP)).isCloseTo(whole.optimStep(STEP), within(1e-4));
      }
      float[] expected = weights(whole);
      float[] found = weights(accumulated);
      for (int i = 0; i < expected.length; i++) {
        assertThat(found[i]).isCloseTo(expected[i], within(2e-3f));
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameBits() {
    try (LocalSession one = session(4);
        LocalSession other = session(4)) {
      for (int step = 0; step < 3; step++) {
        for (LocalSession session : List.of(one, other)) {
          session.forwardBackward(batch(8, step), new CrossEntropy());
          session.optimStep(STEP);
        }
      }
      assertThat(weights(other)).isEqualTo(weights(one));
    }
  }

  @Test
  void stoppingAndResumingChangesNoBit(@TempDir Path folder) {
    try (LocalSession straight = session(4);
        LocalSession stopped = session(4);
        LocalSession resumed = session(4)) {
      for (int step = 0; step < 6; step++) {
        LocalSession second = step < 3 ? stopped : resumed;
        if (step == 3) {
          stopped.saveState(folder);
          resumed.loadState(folder);
        }
        for (LocalSession session : List.of(straight, second)) {
          session.forwardBackward(batch(8, step), new CrossEntropy());
          session.optimStep(STEP);
        }
      }
      assertThat(weights(resumed)).isEqualTo(weights(straight));
    }
  }

  @Test
  void weightsThatTheLastStepMadeInfiniteAreSeen() {
    try (LocalSession session = session(8)) {
      session.forwardBackward(batch(8, 0), new CrossEntropy());
      session.optimStep(STEP);
      assertThatCode(() -> Divergence.checkWeights(session.model())).doesNotThrowAnyException();
      session.forwardBackward(batch(8, 1), new CrossEntropy());
      session.optimStep(new AdamW.Settings(1e39, 0, 1, 1e-8));
      assertThatThrownBy(() -> Divergence.checkWeights(session.model()))
          .isInstanceOfSatisfying(
              UserError.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TRAINING_DIVERGED));
    }
  }

  @Test
  void trainingLearnsWhatItIsShown() {
    try (LocalSession session = session(8)) {
      double first = session.forwardBackward(batch(8, 0), new CrossEntropy()).loss();
      double last = first;
      for (int step = 0; step < 60; step++) {
        session.optimStep(STEP);
        last = session.forwardBackward(batch(8, 0), new CrossEntropy()).loss();
      }
      assertThat(last).isLessThan(first / 4);
    }
  }

  @Test
  void tensorFlowsEpsilonWeighsMoreInTheFirstStep() {
    // For a gradient of 1e-6 and epsilon 1e-5 the first steps differ 28.8 times (D24).
    double[] moved = new double[2];
    for (AdamW.Form form : AdamW.Form.values()) {
      try (LocalSession session = session(8)) {
        float before = session.trained()[0];
        float[] gradient = new float[session.trainedCount()];
        java.util.Arrays.fill(gradient, 1e-6f);
        session.optimStep(gradient, new AdamW.Settings(0.01, 0, 1, 1e-5, 0.999, form));
        moved[form.ordinal()] = before - session.trained()[0];
      }
    }
    assertThat(moved[0] / moved[1]).isCloseTo(28.8, within(0.1));
  }

  @Test
  void adamWTakesPyTorchsFirstStep() {
    // torch.optim.AdamW: the first step moves each value by lr * g / (|g| + eps), after decay.
    try (LocalSession session = session(8)) {
      String name = "model.layers.0.self_attn.q_proj.weight";
      float before = session.model().parameters().get(name).toFloatArray()[5];
      session.forwardBackward(batch(8, 0), new CrossEntropy());
      float gradient;
      try (NDArray handle = session.model().gradients().get(name)) {
        gradient = handle.toFloatArray()[5];
      }
      session.optimStep(new AdamW.Settings(0.01, 0.1, 1e9, 1e-8));
      double expected = before * (1 - 0.01 * 0.1) - 0.01 * gradient / (Math.abs(gradient) + 1e-8);
      assertThat((double) session.model().parameters().get(name).toFloatArray()[5])
          .isCloseTo(expected, within(1e-6));
    }
  }
}
