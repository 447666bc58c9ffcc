package io.lakeloop.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.chat.Conversation;
import io.lakeloop.config.Name;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.LoraConfig;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.registry.LocalArtifactStore;
import io.lakeloop.registry.Manifest;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.registry.Registry;
import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.FleetScorer;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.reward.TransformerReward;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.Fleet;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.ModelLoader;
import io.lakeloop.session.SparkTrainingSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Policy, reference, reward and value model of 20 M weights over one base in memory. */
class OneBaseTest {
  private static final LmConfig MODEL = LmConfig.llama(8000, 640, 1728, 3, 5, 5, 64);
  private static final LoraConfig LORA = LoraConfig.allLinear(8, 16);
  private static final EngineSettings ENGINE =
      new EngineSettings(Precision.FLOAT32, LORA, false, false, 8);

  @Test
  void allRolesTakeLittleMoreThanTheBase(@TempDir Path folder) throws Exception {
    Registry registry = new Registry(new LocalArtifactStore(folder));
    Path words = Files.createDirectories(folder.resolve("words"));
    WordTokenizer.write(words, List.of("a", "b", "c"));
    try (Tokenizer tokenizer = Tokenizer.open(words);
        ModelLoader models = new ModelLoader(registry::resolve, Compute.cpu(1), Precision.FLOAT32);
        JavaSparkContext spark =
            new JavaSparkContext(
                new SparkConf()
                    .setMaster("local[2]")
                    .setAppName("one base")
                    .set("spark.ui.enabled", "false")
                    .set("spark.driver.host", "127.0.0.1"));
        Fleet fleet =
            new Fleet(
                spark,
                Fleet.Settings.of(4),
                compute -> new ModelLoader(registry::resolve, compute, Precision.FLOAT32),
                models)) {
      ChatEncoder encoder = new ChatEncoder(tokenizer, 8, 8);
      ModelVersion base = base(registry, words);
      ModelVersion reward = reward(registry, models, base, words);
      PolicyReplicas replicas =
          new PolicyReplicas(
              base.ref(), reward.ref(), PolicyReplicas.ValueModel.REWARD, ENGINE, 1, 1);
      ModelLoader.Loaded trained = replicas.trained(models);
      long weights = trained.model().baseParameterCount() * Float.BYTES;
      try (LocalSession master = replicas.policy(trained, models);
          SparkTrainingSession policy =
              new SparkTrainingSession(fleet, "policy", replicas::policy, master);
          SparkTrainingSession reference =
              new SparkTrainingSession(fleet, "reference", replicas::reference, null)) {
        PolicySettings settings = Settings.of(PolicySettings.Method.PPO, 2, 8, 1, 0.1, 0.001);
        List<Double> ratios = new ArrayList<>();

        new PolicyTrainer(
                new PolicyTrainer.Roles(
                    policy,
                    reference,
                    new FleetScorer(fleet, reward.ref(), RewardModels.Aggregate.mean()),
                    fleet.phases()),
                encoder,
                settings,
                1)
            .train(
                PolicyTrainer.State.begin(settings),
                Stream.of("a", "b", "c").map(Conversation::of).toList(),
                null,
                (after, trajectories, metrics) -> {
                  for (String metric : List.of("ratio_min", "ratio_max")) {
                    ratios.add(metrics.get("policy/first_" + metric));
                  }
                  ratios.add(1 + metrics.get("policy/first_approximate_kl"));
                });

        // Before the first step of each update, all ratios are 1 to the last bit.
        assertThat(ratios).hasSize(6).containsOnly(1.0);
        assertThat(weights).isGreaterThan(4 * 19_000_000L);
        double share = (double) trained.model().memory().bytes() / weights;
        assertThat(share).as("bytes of live arrays / bytes of the base").isBetween(1.0, 1.4);
        System.out.printf("live arrays: %.3f of the base's bytes%n", share);
      }
    }
  }

  private static ModelVersion base(Registry registry, Path words) throws Exception {
    Path draft = registry.draft(Name.parse("base"), Name.parse("r1"));
    try (CausalLm model = CausalLm.initialise(MODEL, 1)) {
      new ModelLoader.Loaded(model, null).write(draft, false, words);
    }
    return registry.publish(draft, manifest("base", "r1"));
  }

  private static ModelVersion reward(
      Registry registry, ModelLoader models, ModelVersion base, Path words) throws Exception {
    Path draft = registry.draft(Name.parse("reward"), Name.parse("r2"));
    ModelLoader.Loaded loaded = models.trainable(base, LORA, 2);
    loaded.model().randomiseScalarHead(2);
    ChatEncoder encoder = new ChatEncoder(Tokenizer.open(words), 8, 8);
    try (TransformerReward model =
        TransformerReward.normalised(
            loaded, encoder, List.of(new Exchange("a", "b"), new Exchange("b", "c c")))) {
      model.write(draft, words);
    }
    return registry.publish(draft, manifest("reward", "r2"));
  }

  private static Manifest manifest(String model, String run) {
    return new Manifest(
        model, 0, "test", run, List.of(), "", "", "", 1, "2026-01-01T00:00:00Z", new TreeMap<>());
  }
}
