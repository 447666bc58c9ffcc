package io.lakeloop.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakeloop.algorithm.CrossEntropy;
import io.lakeloop.algorithm.Loss;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.LoraConfig;
import io.lakeloop.lm.SpecialTokens;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The four verbs give the same bits however the work is dealt to tasks. */
class SparkTrainingSessionTest {
  private static final AdamW.Settings STEP = new AdamW.Settings(0.01, 0.01, 1, 1e-8);
  private static JavaSparkContext spark;

  @BeforeAll
  static void startSpark() {
    spark =
        new JavaSparkContext(
            new SparkConf()
                .setMaster("local[2,4]")
                .setAppName("sessions")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1"));
    spark.setLogLevel("OFF");
  }

  @AfterAll
  static void stopSpark() {
    spark.stop();
  }

  private static ModelLoader loader(Compute compute) {
    return new ModelLoader(
        ref -> {
          throw new IllegalArgumentException("no registry: " + ref);
        },
        compute,
        Precision.FLOAT32);
  }

  private static LocalSession replica(LoraConfig lora) {
    CausalLm model = CausalLm.initialise(LmConfig.llama(40, 16, 24, 2, 2, 1, 64), 1);
    CausalLm trained = lora.none() ? model : model.adapted(lora, 3);
    return new LocalSession(trained, EngineSettings.plain(3), 1);
  }

  /** A session that is trained, and what it is made of. */
  private static final class Trained implements AutoCloseable {
    private final ModelLoader models = loader(Compute.cpu(1));
    private final Fleet fleet;
    private final LocalSession master;
    private final SparkTrainingSession session;

    private Trained(Fleet.Settings settings, LoraConfig lora) {
      fleet = new Fleet(spark, settings, SparkTrainingSessionTest::loader, models);
      master = replica(lora);
      session = new SparkTrainingSession(fleet, "policy", m -> replica(lora), master);
    }

    @Override
    public void close() {
      session.close();
      master.close();
      fleet.close();
      models.close();
    }
  }

  private static final LoraConfig WHOLE = new LoraConfig(0, 1, 0, List.of());
  private static final LoraConfig DROPPING = new LoraConfig(4, 8, 0.2, List.of("all-linear"));

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

  private static float[] trained(Fleet.Settings settings, LoraConfig lora) {
    try (Trained trained = new Trained(settings, lora)) {
      for (int step = 0; step < 4; step++) {
        trained.session.forwardBackward(batch(11, step), new CrossEntropy());
        trained.session.forwardBackward(batch(7, step + 50), new CrossEntropy());
        trained.session.optimStep(STEP);
      }
      return trained.master.trained();
    }
  }

  @Test
  void weightsDoNotDependOnTasksNorOnWhereGradientsAreAdded() {
    for (LoraConfig lora : List.of(WHOLE, DROPPING)) {
      float[] expected = trained(new Fleet.Settings(4, 1, 0, 32), lora);
      for (int tasks : new int[] {2, 3, 4, 0}) {
        assertThat(trained(new Fleet.Settings(4, tasks, 0, 32), lora)).isEqualTo(expected);
      }
      assertThat(trained(new Fleet.Settings(4, 2, 0, 0), lora)).isEqualTo(expected);
    }
  }

  @Test
  void shardsAndOneDeviceDifferByRoundingAlone() {
    float[] shards = trained(Fleet.Settings.of(4), WHOLE);
    try (LocalSession alone = replica(WHOLE)) {
      for (int step = 0; step < 4; step++) {
        alone.forwardBackward(batch(11, step), new CrossEntropy());
        alone.forwardBackward(batch(7, step + 50), new CrossEntropy());
        alone.optimStep(STEP);
      }
      assertClose(alone.trained(), shards, 1e-3f);
    }
  }

  @Test
  void eightOfOneEqualsOneOfEight() {
    AdamW.Settings plain = new AdamW.Settings(1e-3, 0, 1, 1e-5);
    try (Trained whole = new Trained(Fleet.Settings.of(4), WHOLE);
        Trained parts = new Trained(Fleet.Settings.of(4), WHOLE)) {
      for (int step = 0; step < 5; step++) {
        TokenBatch batch = batch(8, step);
        whole.session.forwardBackward(batch, new CrossEntropy());
        for (int row = 0; row < 8; row++) {
          parts.session.forwardBackward(
              Microbatches.slice(batch, row, row + 1), new CrossEntropy());
        }
        whole.session.optimStep(plain);
        parts.session.optimStep(plain);
      }
      assertClose(whole.master.trained(), parts.master.trained(), 1e-6f);
    }
  }

  private static void assertClose(float[] expected, float[] found, float tolerance) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).isCloseTo(expected[i], within(tolerance));
    }
  }

  /** Fails each task's first attempt in its second microbatch, when gradients lie there already. */
  private record FailingAtFirst(CrossEntropy loss) implements Loss {
    @Override
    public boolean readsLogProbs() {
      return true;
    }

    @Override
    public boolean readsValues() {
      return false;
    }

    @Override
    public boolean reads(TokenBatch batch, int b, int t) {
      return loss.reads(batch, b, t);
    }

    @Override
    public Gradient evaluate(TokenBatch batch, float[][] logProbs, float[][] values) {
      if (TaskContext.get().attemptNumber() == 0 && batch.lengths()[0] == 7) {
        throw new IllegalStateException("as intended");
      }
      return loss.evaluate(batch, logProbs, values);
    }
  }

  @Test
  void aTaskThatIsTriedAgainLeavesNothingBehind() {
    List<float[]> weights = new ArrayList<>();
    for (Loss loss : List.of(new CrossEntropy(), new FailingAtFirst(new CrossEntropy()))) {
      try (Trained trained = new Trained(Fleet.Settings.of(4), WHOLE)) {
        for (int step = 0; step < 3; step++) {
          trained.session.forwardBackward(batch(24, step), loss);
          trained.session.optimStep(STEP);
        }
        weights.add(trained.master.trained());
      }
    }
    assertThat(weights.get(1)).isEqualTo(weights.get(0));
  }

  @Test
  void samplesAndEvaluationsDoNotDependOnTasks() {
    List<Generator.Request> requests = new ArrayList<>();
    for (int i = 0; i < 13; i++) {
      requests.add(new Generator.Request(new int[] {4 + i, 5, 6}, 900 + i));
    }
    Generator.Settings draw =
        Generator.Settings.whole(12, 1, new SpecialTokens(List.of(1), List.of()));
    List<String> drawn = new ArrayList<>();
    List<String> evaluated = new ArrayList<>();
    for (int tasks : new int[] {1, 2, 0}) {
      try (Trained trained = new Trained(new Fleet.Settings(4, tasks, 0, 32), WHOLE)) {
        trained.session.forwardBackward(batch(8, 1), new CrossEntropy());
        trained.session.optimStep(STEP);
        StringBuilder all = new StringBuilder();
        for (Generator.Completion completion : trained.session.sample(requests, draw)) {
          all.append(Arrays.toString(completion.tokens()))
              .append(Arrays.toString(completion.logProbs()));
        }
        drawn.add(all.toString());
        evaluated.add(Arrays.deepToString(trained.session.evaluate(batch(9, 3)).logProbs()));
      }
    }
    assertThat(drawn.get(1)).isEqualTo(drawn.get(0));
    assertThat(drawn.get(2)).isEqualTo(drawn.get(0));
    assertThat(evaluated.get(1)).isEqualTo(evaluated.get(0));
    assertThat(evaluated.get(2)).isEqualTo(evaluated.get(0));
  }

  @Test
  void stateGoesOnElsewhereWithTheSameBits(@TempDir Path folder) {
    float[] straight = trained(Fleet.Settings.of(4), DROPPING);
    try (Trained first = new Trained(new Fleet.Settings(4, 1, 0, 32), DROPPING);
        Trained second = new Trained(new Fleet.Settings(4, 3, 0, 0), DROPPING)) {
      for (int step = 0; step < 4; step++) {
        SparkTrainingSession session = step < 2 ? first.session : second.session;
        if (step == 2) {
          first.session.saveState(folder);
          second.session.loadState(folder);
        }
        session.forwardBackward(batch(11, step), new CrossEntropy());
        session.forwardBackward(batch(7, step + 50), new CrossEntropy());
        session.optimStep(STEP);
      }
      assertThat(second.master.trained()).isEqualTo(straight);
    }
  }
}
