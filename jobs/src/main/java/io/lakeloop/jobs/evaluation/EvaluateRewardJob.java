package io.lakeloop.jobs.evaluation;

import io.lakeloop.config.Name;
import io.lakeloop.config.Problems;
import io.lakeloop.evaluation.Metric;
import io.lakeloop.evaluation.RewardEvaluation;
import io.lakeloop.feedback.preferences.Snapshots;
import io.lakeloop.jobs.training.RewardSummary;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.session.ModelLoader;
import java.util.List;

/** Measures any reward model version on any snapshot. */
public final class EvaluateRewardJob implements Job<EvaluateRewardJob.Config> {

  public record Config(
      ModelRef rewardModel, Name snapshot, String split, Precision precision, long seed) {
    public Config {
      Problems.in("evaluate-reward")
          .require(
              split.equals("train") || split.equals("test"),
              "split must be train or test, got '%s'",
              split)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    ModelVersion version = context.resolve(config.rewardModel());
    String snapshot = Snapshots.resolve(context, config.snapshot());

    try (ModelLoader models = ModelLoader.forRun(context, config.precision());
        RewardModel model = RewardModels.open(version, models)) {
      List<Metric> metrics =
          RewardEvaluation.of(
                  model,
                  Snapshots.pairs(context, snapshot, config.split()),
                  JobContext.key(config.seed(), "evaluation"),
                  (done, total) -> context.progress("scoring", done, total, "pairs"),
                  line -> context.say("%s", line))
              .metrics();
      context.tables().replace(Metric.rows(context, version, snapshot, metrics));
      RewardSummary.say(context, version, snapshot, metrics);
    }
  }
}
