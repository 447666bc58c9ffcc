package io.lakeloop.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.chat.Conversation;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.Fleet;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.ModelLoader;
import io.lakeloop.session.SparkTrainingSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training that is stopped goes on elsewhere, and what diverges keeps its last good state. */
class ResumeTest {
  private static final int STEPS = 4;
  private static final LmConfig MODEL = LmConfig.llama(8, 16, 32, 1, 2, 2, 8);
  private static final PolicySettings SETTINGS =
      Settings.of(PolicySettings.Method.PPO, STEPS, 12, 1, 0.1, 0.01, 2, 2);
  private static JavaSparkContext spark;

  @TempDir private Path folder;

  /** Step from which on the reward model says nothing that is a number. */
  private int nanFrom = STEPS;

  private int step;

  @BeforeAll
  static void startSpark() {
    spark =
        new JavaSparkContext(
            new SparkConf()
                .setMaster("local[2]")
                .setAppName("resume")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1"));
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

  private static LocalSession replica() {
    return new LocalSession(CausalLm.initialise(MODEL, 1), EngineSettings.plain(4), 1);
  }

  /** Trains from the state in the folder, if there is one, until a step, and saves each state. */
  private void train(Path states, int tasks, int until, PolicySettings settings)
      throws IOException {
    WordTokenizer.write(folder, List.of("q", "a", "b", "c", "d", "e", "f"));
    ObjectMapper json = new ObjectMapper();
    Path state = states.resolve("state.json");
    try (Tokenizer tokenizer = Tokenizer.open(folder);
        ModelLoader models = loader(Compute.cpu(1));
        Fleet fleet =
            new Fleet(spark, new Fleet.Settings(4, tasks, 0, 32), ResumeTest::loader, models);
        LocalSession master = replica();
        SparkTrainingSession policy =
            new SparkTrainingSession(fleet, "policy", m -> replica(), master);
        SparkTrainingSession reference =
            new SparkTrainingSession(fleet, "reference", m -> replica(), null)) {
      PolicyTrainer.State from = PolicyTrainer.State.begin(settings);
      step = 0;
      if (Files.exists(state)) {
        policy.loadState(states);
        from = json.readValue(state.toFile(), PolicyTrainer.State.class);
      }
      new PolicyTrainer(
              new PolicyTrainer.Roles(
                  policy,
                  reference,
                  exchanges ->
                      exchanges.stream()
                          .mapToDouble(
                              e -> step >= nanFrom ? Double.NaN : e.completion().length() % 3)
                          .toArray(),
                  fleet.phases()),
              new ChatEncoder(tokenizer, 2, 4),
              settings,
              3)
          .train(
              from,
              Stream.of("q", "a q", "b q").map(Conversation::of).toList(),
              null,
              (after, trajectories, metrics) -> {
                step = after.step();
                policy.saveState(states);
                try {
                  json.writeValue(state.toFile(), after);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
                if (after.step() == until) {
                  throw new Stopped();
                }
              });
    } catch (Stopped e) {
      // As intended: the process is gone.
    }
  }

  private static final class Stopped extends RuntimeException {}

  private Path states(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name));
  }

  @Test
  void stoppedAtAnyStepItGoesOnWithTheSameBits() throws IOException {
    Path straight = states("straight");
    train(straight, 2, 0, SETTINGS);
    for (int stop = 1; stop < STEPS; stop++) {
      Path stopped = states("stopped-" + stop);
      train(stopped, 2, stop, SETTINGS);
      train(stopped, 1, 0, SETTINGS);
      for (String file : List.of("weights.safetensors", "optimizer.safetensors", "state.json")) {
        assertThat(Digest.of(stopped.resolve(file)))
            .as("%s, stopped behind step %d", file, stop)
            .isEqualTo(Digest.of(straight.resolve(file)));
      }
    }
  }

  @Test
  void divergenceNamesStepAndMetricAndKeepsTheLastState() throws IOException {
    Path good = states("good");
    train(good, 2, 2, SETTINGS);
    Path diverging = states("diverging");
    nanFrom = 2;
    assertThatThrownBy(() -> train(diverging, 2, 0, SETTINGS))
        .isInstanceOfSatisfying(
            UserError.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TRAINING_DIVERGED))
        .hasMessageContaining("Cannot go on training: loss is NaN at step 2");
    for (String file : List.of("weights.safetensors", "optimizer.safetensors", "state.json")) {
      assertThat(Digest.of(diverging.resolve(file))).isEqualTo(Digest.of(good.resolve(file)));
    }
  }

  @Test
  void aRatioThatExplodesIsADivergence() throws IOException {
    Path states = states("exploding");
    PolicySettings wild =
        Settings.limited(Settings.of(PolicySettings.Method.PPO, STEPS, 12, 1, 0.1, 0.3), 1.05);
    assertThatThrownBy(() -> train(states, 2, 0, wild))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("Cannot go on training: policy/ratio is")
        .hasMessageContaining("above its limit of 1.05");
  }
}
