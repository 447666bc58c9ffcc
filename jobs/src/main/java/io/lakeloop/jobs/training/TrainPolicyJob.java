package io.lakeloop.jobs.training;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Snapshots;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.policy.PolicyFolder;
import io.lakeloop.policy.PpoSettings;
import io.lakeloop.policy.PpoTrainer;
import io.lakeloop.policy.Trajectory;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelSource;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.ModelLoader;
import io.lakeloop.table.TableRows;
import io.lakeloop.table.TrainingTables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Optimises a policy against a learned reward by PPO, held near its reference by a KL penalty. */
public final class TrainPolicyJob implements Job<TrainPolicyJob.Config> {

  /** Where the value model starts (D17). */
  public enum ValueModel {
    /** A head of 0 on the policy's own layers. */
    POLICY,
    /** A model of its own that starts out as the reward model. */
    REWARD
  }

  public record Config(
      String name,
      ModelSource baseModel,
      ModelRef rewardModel,
      String snapshot,
      PolicyFolder.Limits limits,
      ValueModel valueModel,
      EngineSettings engine,
      PpoSettings ppo,
      long seed) {
    public Config {
      Problems.in("train-policy")
          .require(!name.isBlank(), "name is empty")
          .require(!snapshot.isBlank(), "snapshot is empty: give a snapshot id, or latest")
          .require(!baseModel.isNone(), "base-model is none: name a model to start from")
          .require(
              engine.lora().dropout() == 0,
              "engine.lora.dropout must be 0: with dropout the update's log-probs are not those"
                  + " that were sampled")
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    ModelVersion base = context.resolve(config.baseModel());
    ModelVersion reward = context.resolve(config.rewardModel());
    String snapshot = Snapshots.resolve(context, config.snapshot());
    List<String> prompts = Snapshots.prompts(context, snapshot, "train");
    ChatEncoder encoder = new PolicyFolder(base.folder()).encoder(config.limits());
    long seed = JobContext.key(config.seed(), "ppo");
    StepMetrics metrics = new StepMetrics(context, "ppo");
    TableRows trajectories = new TableRows(TrainingTables.TRAJECTORIES);
    Path draft = context.draft(config.name());
    try (ModelLoader models = ModelLoader.forRun(context, config.engine().precision());
        RewardModel rewardModel = RewardModels.open(reward, models)) {
      ModelLoader.Loaded trained = models.trainable(base, config.engine().lora(), seed);
      encoder.checkFits(trained.model().config());
      try (LocalSession policy =
              new LocalSession(
                  trained.model(),
                  valueModel(config, trained, reward, models),
                  config.engine(),
                  config.ppo().temperature());
          LocalSession reference =
              new LocalSession(
                  models.open(base).model(), config.engine(), config.ppo().temperature())) {

        new PpoTrainer(policy, reference, rewardModel, encoder, config.ppo(), seed)
            .train(
                prompts,
                (step, total, episodes, values) -> {
                  metrics.add(step, total, values, "score_minus_beta_kl");
                  episodes.forEach(episode -> trajectories.add(row(context, episode)));
                });

        new PolicyFolder(draft).write(trained, encoder, base.folder());
      }
    }
    context.tables().replace(trajectories);
    metrics.save();
    context.publish(
        draft, config.name(), "causal-lm", List.of(base, reward), snapshot, config.seed());
  }

  private static CausalLm valueModel(
      Config config, ModelLoader.Loaded policy, ModelVersion reward, ModelLoader models)
      throws IOException {
    if (config.valueModel() == ValueModel.POLICY) {
      policy.model().clearScalarHead();
      return policy.model();
    }
    return RewardModels.valueModel(reward, models, policy.model().config());
  }

  private static Map<String, Object> row(JobContext context, Trajectory episode) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("step", (long) episode.step());
    row.put("prompt_id", (long) episode.promptId());
    row.put("sample", (long) episode.sample());
    row.put("prompt", episode.prompt());
    row.put("completion", episode.completion());
    row.put("completion_tokens", episode.completionTokens());
    row.put("log_probs", episode.logProbs());
    row.put("ref_log_probs", episode.refLogProbs());
    row.put("values", episode.values());
    row.put("rewards", episode.rewards());
    row.put("score", episode.score());
    row.put("safety_penalty", episode.safetyPenalty());
    row.put("kl", episode.kl());
    row.put("ended_by", episode.endedBy());
    return row;
  }
}
