package io.lakeloop.jobs.training;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Snapshots;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.ChatEncoder;
import io.lakeloop.policy.PolicyFolder;
import io.lakeloop.policy.PpoSettings;
import io.lakeloop.policy.PpoTrainer;
import io.lakeloop.policy.Trajectory;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.session.LocalSession;
import io.lakeloop.table.TableRows;
import io.lakeloop.table.TrainingTables;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Optimises a policy against a learned reward by PPO, held near its reference by a KL penalty. */
public final class TrainPolicyJob implements Job<TrainPolicyJob.Config> {

  public record Config(
      String name,
      ModelRef baseModel,
      ModelRef rewardModel,
      String snapshot,
      int microbatchRows,
      PpoSettings ppo,
      long seed) {
    public Config {
      Problems.in("train-policy")
          .require(!name.isBlank(), "name is empty")
          .require(!snapshot.isBlank(), "snapshot is empty: give a snapshot id, or latest")
          .require(
              microbatchRows >= 1, "microbatch-rows must be at least 1, got %d", microbatchRows)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    ModelVersion base = context.resolve(config.baseModel());
    ModelVersion reward = context.resolve(config.rewardModel());
    String snapshot = Snapshots.resolve(context, config.snapshot());
    List<String> prompts = Snapshots.prompts(context, snapshot, "train");
    PolicyFolder folder = new PolicyFolder(base.folder());
    ChatEncoder encoder = folder.encoder();
    StepMetrics metrics = new StepMetrics(context, "ppo");
    TableRows trajectories = new TableRows(TrainingTables.TRAJECTORIES);
    Path draft = context.draft(config.name());
    try (LocalSession policy = session(policyModel(folder), config);
        LocalSession reference = session(folder.model(), config);
        RewardModel rewardModel = RewardModels.open(reward)) {

      new PpoTrainer(
              policy,
              reference,
              rewardModel,
              encoder,
              config.ppo(),
              JobContext.key(config.seed(), "ppo"))
          .train(
              prompts,
              (step, total, episodes, values) -> {
                metrics.add(step, total, values, "score_minus_beta_kl");
                episodes.forEach(episode -> trajectories.add(row(context, episode)));
              });

      new PolicyFolder(draft).write(policy.model(), encoder, folder.tokenizerJson());
    }
    context.tables().replace(trajectories);
    metrics.save();
    context.publish(
        draft, config.name(), "causal-lm", List.of(base, reward), snapshot, config.seed());
  }

  /** The value head beside the policy starts at 0. */
  private static CausalLm policyModel(PolicyFolder folder) throws java.io.IOException {
    CausalLm model = folder.model();
    model.clearScalarHead();
    return model;
  }

  private static LocalSession session(CausalLm model, Config config) {
    return new LocalSession(model, config.microbatchRows(), config.ppo().temperature());
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
