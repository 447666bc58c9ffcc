package io.lakeloop.jobs.training;

import io.lakeloop.config.Name;
import io.lakeloop.config.Problems;
import io.lakeloop.evaluation.Metric;
import io.lakeloop.evaluation.RewardEvaluation;
import io.lakeloop.feedback.preferences.Snapshots;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.policy.PolicyFolder;
import io.lakeloop.registry.ModelSource;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.FittedPairs;
import io.lakeloop.reward.LinearReward;
import io.lakeloop.reward.LinearRewardTrainer;
import io.lakeloop.reward.PreferencePair;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.reward.TransformerRewardTrainer;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.Epochs;
import io.lakeloop.session.Fleet;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.ModelLoader;
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
    /** Optimizer steps on the pairs. */
    int steps(List<PreferencePair> pairs) {
      return new Epochs<>(pairs, batchSize, epochs, 0).totalSteps();
    }

    TransformerRewardTrainer.Settings training() {
      return new TransformerRewardTrainer.Settings(
          epochs, batchSize, learningRate, schedule, weightDecay, maxGradNorm);
    }
  }

  /**
   * Members that are trained apart and score together.
   *
   * @param members transformers, each an adapter with a head of its own
   * @param linear true if the linear model joins them
   */
  public record Ensemble(int members, boolean linear) {
    boolean alone() {
      return members == 1 && !linear;
    }
  }

  public record Config(
      Name name,
      Name snapshot,
      String purpose,
      String product,
      Architecture architecture,
      Linear linear,
      Transformer transformer,
      Ensemble ensemble,
      int referenceSamples,
      ModelSource baseModel,
      PolicyFolder.Limits limits,
      EngineSettings engine,
      Fleet.Settings fleet,
      long seed) {
    public Config {
      Problems.in("train-reward")
          .require(!purpose.isBlank(), "purpose is empty: say what the model is for")
          .require(!product.isBlank(), "product is empty: name one, or all")
          .require(
              linear.regularisation() >= 0 && linear.regularisation() <= 1e6,
              "linear.regularisation must lie in 0..1000000, got %s",
              linear.regularisation())
          .require(
              linear.iterations() >= 1 && linear.iterations() <= 1_000_000,
              "linear.iterations must lie in 1..1000000, got %d",
              linear.iterations())
          .require(
              transformer.epochs() >= 1 && transformer.epochs() <= 10_000,
              "transformer.epochs must lie in 1..10000, got %d",
              transformer.epochs())
          .require(
              transformer.batchSize() >= 1 && transformer.batchSize() <= 1_000_000,
              "transformer.batch-size must lie in 1..1000000, got %d",
              transformer.batchSize())
          .require(
              architecture != Architecture.TRANSFORMER || !baseModel.isNone(),
              "base-model is none: name a model for the transformer to start from")
          .require(
              transformer.learningRate() > 0 && Double.isFinite(transformer.learningRate()),
              "transformer.learning-rate must be positive and finite, got %s",
              transformer.learningRate())
          .require(
              transformer.weightDecay() >= 0 && transformer.weightDecay() < 1,
              "transformer.weight-decay must lie in [0, 1), got %s",
              transformer.weightDecay())
          .require(
              transformer.maxGradNorm() >= 1e-6 && transformer.maxGradNorm() <= 1e9,
              "transformer.max-grad-norm must lie in 1e-6..1e9, got %s",
              transformer.maxGradNorm())
          .require(
              ensemble.members() >= 1 && ensemble.members() <= 64,
              "ensemble.members must lie in 1..64, got %d",
              ensemble.members())
          .require(
              ensemble.alone()
                  || (architecture == Architecture.TRANSFORMER && !engine.lora().none()),
              "ensemble.members is %d and ensemble.linear is %s: an ensemble's transformers are"
                  + " adapters of one base; set architecture=transformer and engine.lora.rank to 1"
                  + " or more",
              ensemble.members(),
              ensemble.linear())
          .require(
              referenceSamples >= 0 && referenceSamples <= 1_000_000,
              "reference-samples must lie in 0..1000000, got %d",
              referenceSamples)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    String snapshot = Snapshots.resolveFor(context, config.snapshot(), config.purpose());
    List<PreferencePair> pairs = Snapshots.pairs(context, snapshot, "train", config.product());
    List<PreferencePair> heldOut = Snapshots.pairs(context, snapshot, "test", config.product());
    boolean transformer = config.architecture() == Architecture.TRANSFORMER;
    ModelVersion base = transformer ? context.resolve(config.baseModel()) : null;
    Path draft = context.draft(config.name());
    RewardEvaluation evaluation;
    try (ModelLoader models = ModelLoader.forRun(context, config.engine().precision());
        RewardModel model =
            transformer
                ? transformer(config, context, models, base, snapshot, pairs)
                : linear(config, context, snapshot, pairs)) {

      evaluation =
          RewardEvaluation.of(
              model,
              heldOut,
              JobContext.key(config.seed(), "evaluation"),
              (done, total) -> context.progress("scoring", done, total, "held-out pairs"),
              line -> context.say("%s", line));

      model.calibrated(evaluation.temperature()).write(draft, transformer ? base.folder() : null);
    }
    ModelVersion published =
        context.publish(
            draft,
            config.name(),
            kind(config),
            transformer ? List.of(base) : List.of(),
            snapshot,
            config.seed());
    List<Metric> metrics = evaluation.metrics();
    context.tables().replace(Metric.rows(context, published, snapshot, metrics));
    RewardSummary.say(context, published, snapshot, metrics);
  }

  private static RewardModel transformer(
      Config config,
      JobContext context,
      ModelLoader models,
      ModelVersion base,
      String snapshot,
      List<PreferencePair> pairs)
      throws Exception {
    ChatEncoder encoder =
        new PolicyFolder(base.folder())
            .encoder(config.limits(), models.positions(base), FittedPairs.exchanges(pairs));
    FittedPairs fitted = FittedPairs.of(encoder, pairs);
    fitted.lines().forEach(line -> context.say("%s", line));
    return new RewardEnsembleTraining(config, context, models, base, snapshot, encoder)
        .train(fitted.pairs());
  }

  private static String kind(Config config) {
    if (config.architecture() == Architecture.LINEAR) {
      return "linear-bradley-terry";
    }
    return config.ensemble().alone() ? "transformer-bradley-terry" : "reward-ensemble";
  }

  static LinearReward linear(
      Config config, JobContext context, String snapshot, List<PreferencePair> pairs) {
    return new LinearRewardTrainer(config.linear().regularisation(), config.linear().iterations())
        .train(
            Snapshots.rows(context, snapshot, "train", config.product())
                .orderBy("item_id", "chosen"),
            pairs);
  }
}
