package io.lakeloop.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.algorithm.CrossEntropy;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.LoraConfig;
import io.lakeloop.lm.SpecialTokens;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.run.ProcessMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** 2,000 training steps and 2,000 generations hold on to nothing. */
@Tag("slow")
class LeakTest {
  private static final LmConfig SMALL = LmConfig.llama(500, 64, 160, 3, 4, 2, 64);
  private static final AdamW.Settings STEP = new AdamW.Settings(1e-4, 0.01, 1, 1e-8);
  private static final int ROUNDS = 2000;
  private static final int WARM_UP = 200;

  /** Java's heap and the allocator settle; a leak of one activation a step would be 40 MB. */
  private static final long SLACK_BYTES = 30L << 20;

  @Test
  void stepsAndGenerationsLeaveNothingBehind() {
    EngineSettings engine =
        new EngineSettings(
            Precision.FLOAT32,
            new LoraConfig(4, 8, 0.1, List.of(LoraConfig.ALL_LINEAR)),
            true,
            true,
            4);
    try (CausalLm base = CausalLm.initialise(SMALL, 1);
        LocalSession adapter = new LocalSession(base.adapted(engine.lora(), 2), engine, 1);
        LocalSession whole =
            new LocalSession(CausalLm.initialise(SMALL, 3), EngineSettings.plain(4), 1)) {
      int arrays = 0;
      long resident = 0;
      for (int round = 0; round < WARM_UP + ROUNDS; round++) {
        if (round == WARM_UP) {
          arrays = arrays(base, whole);
          resident = resident();
        }
        step(adapter, round);
        step(whole, round);
        generate(adapter, round);
        generate(whole, round);
      }
      System.out.printf(
          "after %d rounds: arrays %d -> %d, resident %.1f -> %.1f MiB%n",
          ROUNDS, arrays, arrays(base, whole), resident / 0x1.0p20, resident() / 0x1.0p20);
      assertThat(arrays(base, whole)).isEqualTo(arrays);
      assertThat(resident()).isLessThan(resident + SLACK_BYTES);
    }
  }

  private static int arrays(CausalLm base, LocalSession whole) {
    return base.memory().arrays() + whole.model().memory().arrays();
  }

  private static long resident() {
    System.gc();
    return ProcessMemory.resident().orElse(0);
  }

  private static void step(LocalSession session, int round) {
    List<int[]> rows = new ArrayList<>();
    float[][] weights = new float[8][32];
    for (int b = 0; b < 8; b++) {
      int[] row = new int[10 + (5 * b + round) % 23];
      Arrays.setAll(row, t -> (t * t + row.length) % 500);
      rows.add(row);
      Arrays.fill(weights[b], 0, row.length - 1, 0.01f);
    }
    TokenBatch batch = Microbatches.pad(rows, Map.of(TokenBatch.WEIGHTS, weights));
    session.forwardBackward(batch, new CrossEntropy());
    session.optimStep(STEP);
    session.evaluate(batch);
  }

  private static void generate(LocalSession session, int round) {
    List<Generator.Request> requests = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      requests.add(new Generator.Request(new int[] {5, 6 + i, 7}, 31L * round + i));
    }
    session.sample(
        requests,
        new Generator.Settings(8, 1, 20, 0.9, new SpecialTokens(List.of(1, 2, 3), List.of(0)), 4));
  }
}
