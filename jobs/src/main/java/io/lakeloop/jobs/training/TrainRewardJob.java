package io.lakeloop.jobs.training;

import io.lakeloop.config.Problems;
import io.lakeloop.evaluation.Metric;
import io.lakeloop.evaluation.RewardEvaluation;
import io.lakeloop.feedback.Snapshots;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.policy.PolicyFolder;
import io.lakeloop.registry.ModelSource;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.LinearReward;
import io.lakeloop.reward.LinearRewardTrainer;
import io.lakeloop.reward.PreferencePair;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.reward.TransformerReward;
import io.lakeloop.reward.TransformerRewardTrainer;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.ModelLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Fits a reward model to a snapshot's training pairs and measures it on those held out. */
public final class TrainRewardJob implements Job<TrainRewardJob.Config> {

  /** Kinds of reward model. */
  public enum Architecture {
    LINEAR,
    TRANSFORMER
  }

  public record Linear(double regularisation, int iterations) {}

  public record Transformer(
      int epochs,
      int batchSize,
      double learningRate,
      LearningRate.Schedule schedule,
      double weightDecay,
      double maxGradNorm) {
    TransformerRewardTrainer.Settings training() {
      return new TransformerRewardTrainer.Settings(
          epochs, batchSize, learningRate, schedule, weightDecay, maxGradNorm);
    }
  }

  public record Config(
      String name,
      String snapshot,
      Architecture architecture,
      Linear linear,
      Transformer transformer,
      ModelSource baseModel,
      PolicyFolder.Limits limits,
      EngineSettings engine,
      long seed) {
    public Config {
      Problems.in("train-reward")
          .require(!name.isBlank(), "name is empty")
          .require(!snapshot.isBlank(), "snapshot is empty: give a snapshot id, or latest")
          .require(
              linear.regularisation() >= 0,
              "linear.regularisation must not be negative, got %s",
              linear.regularisation())
          .require(
              linear.iterations() >= 1,
              "linear.iterations must be at least 1, got %d",
              linear.iterations())
          .require(
              transformer.epochs() >= 1 && transformer.batchSize() >= 1,
              "transformer.epochs and transformer.batch-size must be at least 1, got %d and %d",
              transformer.epochs(),
              transformer.batchSize())
          .require(
              architecture != Architecture.TRANSFORMER || !baseModel.isNone(),
              "base-model is none: name a model for the transformer to start from")
          .require(
              transformer.learningRate() > 0,
              "transformer.learning-rate must be positive, got %s",
              transformer.learningRate())
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    String snapshot = Snapshots.resolve(context, config.snapshot());

    ModelVersion published =
        switch (config.architecture()) {
          case LINEAR -> linear(config, context, snapshot);
          case TRANSFORMER -> transformer(config, context, snapshot);
        };

    List<PreferencePair> heldOut = Snapshots.pairs(context, snapshot, "test");
    try (ModelLoader models = ModelLoader.forRun(context, config.engine().precision());
        RewardModel model = RewardModels.open(published, models)) {
      List<Metric> metrics =
          RewardEvaluation.measure(
              model,
              heldOut,
              JobContext.key(config.seed(), "evaluation"),
              (done, total) -> context.progress("scoring", done, total, "held-out pairs"));
      context.tables().replace(Metric.rows(context, published, snapshot, metrics));
      RewardSummary.say(context, published, snapshot, metrics);
    }
  }

  private static ModelVersion linear(Config config, JobContext context, String snapshot)
      throws IOException {
    List<PreferencePair> pairs = Snapshots.pairs(context, snapshot, "train");
    LinearReward model =
        new LinearRewardTrainer(config.linear().regularisation(), config.linear().iterations())
            .train(Snapshots.rows(context, snapshot, "train").orderBy("item_id", "chosen"), pairs);
    Path draft = context.draft(config.name());
    model.write(draft);
    return context.publish(
        draft, config.name(), "linear-bradley-terry", List.of(), snapshot, config.seed());
  }

  private static ModelVersion transformer(Config config, JobContext context, String snapshot)
      throws IOException {
    ModelVersion base = context.resolve(config.baseModel());
    EngineSettings engine = config.engine();
    long seed = JobContext.key(config.seed(), "reward");
    StepMetrics metrics = new StepMetrics(context, "reward");
    ChatEncoder encoder = new PolicyFolder(base.folder()).encoder(config.limits());
    Path draft = context.draft(config.name());
    try (ModelLoader models = ModelLoader.forRun(context, engine.precision())) {
      ModelLoader.Loaded start = models.trainable(base, engine.lora(), seed);
      encoder.checkFits(start.model().config());
      try (TransformerReward model =
          new TransformerRewardTrainer(config.transformer().training(), engine, seed)
              .train(
                  start,
                  encoder,
                  Snapshots.pairs(context, snapshot, "train"),
                  (step, total, values) ->
                      metrics.add(step, total, values, "rewards/accuracies"))) {
        model.write(draft, base.folder());
      }
    }
    metrics.save();
    return context.publish(
        draft, config.name(), "transformer-bradley-terry", List.of(base), snapshot, config.seed());
  }
}
