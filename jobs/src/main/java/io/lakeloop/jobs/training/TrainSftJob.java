package io.lakeloop.jobs.training;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS;

import io.lakeloop.chat.Message;
import io.lakeloop.config.Name;
import io.lakeloop.config.Problems;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.tokenizer.BpeTrainer;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.policy.PolicyFolder;
import io.lakeloop.policy.SftExamples;
import io.lakeloop.policy.SftTrainer;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelSource;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.DataLimits;
import io.lakeloop.reward.Exchange;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.Fleet;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.ModelLoader;
import io.lakeloop.session.SparkTrainingSession;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Teaches a language model the cleaned completions: one that exists, or a small new one with a
 * tokenizer of its own.
 */
public final class TrainSftJob implements Job<TrainSftJob.Config> {

  /** Longest sequence of a new model whose limits are taken from the data. */
  private static final int NEW_POSITIONS = 4096;

  /** Shape of the model, in the words of a Hugging Face config.json. */
  public record Model(int vocabSize, int hiddenSize, int intermediateSize, int layers, int heads)
      implements Serializable {
    LmConfig lmConfig(int maxPositions) {
      return LmConfig.llama(
          vocabSize, hiddenSize, intermediateSize, layers, heads, heads, maxPositions);
    }
  }

  public record Config(
      Name name,
      ModelSource baseModel,
      Model model,
      int maxExamples,
      SftExamples.Rows rows,
      int maxPromptTokens,
      int maxCompletionTokens,
      int epochs,
      int batchSize,
      double learningRate,
      LearningRate.Schedule schedule,
      double warmupRatio,
      double weightDecay,
      double maxGradNorm,
      EngineSettings engine,
      Fleet.Settings fleet,
      long seed) {
    public Config {
      LmConfig.checked(
              Problems.in("train-sft"),
              model.vocabSize(),
              model.hiddenSize(),
              model.intermediateSize(),
              model.layers(),
              model.heads())
          .require(
              model.vocabSize() >= 300 && model.vocabSize() <= 65_536,
              "model.vocab-size must lie in 300..65536, got %d",
              model.vocabSize())
          .require(maxExamples >= 1, "max-examples must be at least 1, got %d", maxExamples)
          .require(
              maxPromptTokens == 0 || maxPromptTokens >= 8 && maxPromptTokens <= 1_000_000,
              "max-prompt-tokens must be 0 or lie in 8..1000000, got %d",
              maxPromptTokens)
          .require(
              maxCompletionTokens == 0
                  || maxCompletionTokens >= 8 && maxCompletionTokens <= 1_000_000,
              "max-completion-tokens must be 0 or lie in 8..1000000, got %d",
              maxCompletionTokens)
          .require(epochs >= 1 && epochs <= 10_000, "epochs must lie in 1..10000, got %d", epochs)
          .require(
              batchSize >= 1 && batchSize <= 1_000_000,
              "batch-size must lie in 1..1000000, got %d",
              batchSize)
          .require(
              !baseModel.isNone() || engine.lora().none(),
              "engine.lora.rank is %d, but a new model (base-model none) is trained whole: set it"
                  + " to 0",
              engine.lora().rank())
          .require(
              learningRate > 0 && Double.isFinite(learningRate),
              "learning-rate must be positive and finite, got %s",
              learningRate)
          .require(
              warmupRatio >= 0 && warmupRatio <= 1,
              "warmup-ratio must lie in 0..1, got %s",
              warmupRatio)
          .require(
              weightDecay >= 0 && weightDecay < 1,
              "weight-decay must lie in [0, 1), got %s",
              weightDecay)
          .require(
              maxGradNorm >= 1e-6 && maxGradNorm <= 1e9,
              "max-grad-norm must lie in 1e-6..1e9, got %s",
              maxGradNorm)
          .throwIfAny();
    }

    SftTrainer.Settings training() {
      return new SftTrainer.Settings(
          epochs, batchSize, learningRate, schedule, warmupRatio, weightDecay, maxGradNorm);
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    List<Exchange> examples =
        SftExamples.read(context.tables().read(INTERACTIONS), config.maxExamples());
    context.countRead(examples.size());
    Path draft = context.draft(config.name());
    StepMetrics metrics = new StepMetrics(context, "sft");
    List<ModelVersion> parents =
        config.baseModel().isNone() ? List.of() : List.of(context.resolve(config.baseModel()));
    try (ModelLoader models = ModelLoader.forRun(context, config.engine().precision());
        Fleet fleet = Fleet.forRun(context, config.fleet(), models)) {
      Path companions = parents.isEmpty() ? draft : parents.get(0).folder();
      if (parents.isEmpty()) {
        new BpeTrainer(config.model().vocabSize())
            .train(examples.stream().flatMap(TrainSftJob::texts).toList(), draft);
      }
      try (Tokenizer tokenizer = Tokenizer.open(companions)) {
        ChatEncoder encoder =
            DataLimits.encoder(
                tokenizer,
                config.maxPromptTokens(),
                config.maxCompletionTokens(),
                parents.isEmpty() ? NEW_POSITIONS : models.positions(parents.get(0)),
                examples);
        Start replicas =
            new Start(
                parents.isEmpty() ? null : parents.get(0).ref(),
                config.model(),
                encoder.maxPromptTokens() + encoder.maxCompletionTokens(),
                config.engine(),
                JobContext.key(config.seed(), "weights"));
        ModelLoader.Loaded start = replicas.open(models);
        encoder.checkFits(start.model().config());
        EngineSettings engine = config.engine();
        try (LocalSession master = new LocalSession(start.model(), engine, 1);
            SparkTrainingSession session =
                new SparkTrainingSession(
                    fleet,
                    "sft",
                    loader -> new LocalSession(replicas.open(loader).model(), engine, 1),
                    master)) {
          train(config, context, session, start, encoder, examples, metrics);
          new PolicyFolder(draft).write(start, encoder, companions);
        }
      }
    }
    metrics.save();
    context.publish(draft, config.name(), "causal-lm", parents, "", config.seed());
  }

  private static void train(
      Config config,
      JobContext context,
      SparkTrainingSession session,
      ModelLoader.Loaded start,
      ChatEncoder encoder,
      List<Exchange> exchanges,
      StepMetrics metrics) {
    List<SftTrainer.Example> examples =
        SftExamples.encoded(exchanges, encoder, config.rows(), line -> context.say("%s", line));
    context.say(
        "%,d rows, %,d tokens to learn, %,d of %,d parameters trained",
        examples.size(),
        examples.stream().mapToLong(SftTrainer.Example::learned).sum(),
        start.model().parameterCount(),
        start.model().baseParameterCount());
    SftTrainer trainer =
        new SftTrainer(session, config.training(), JobContext.key(config.seed(), "sft"));
    trainer.train(examples, (step, total, values) -> metrics.add(step, total, values, "loss"));
    new LossByTurn(trainer, encoder, config.batchSize()).keep(exchanges, metrics);
  }

  private static Stream<String> texts(Exchange example) {
    return Stream.concat(
        example.before().messages().stream().map(Message::content),
        Stream.of(example.completion()));
  }

  /**
   * Where the training starts, the same on the driver and on every executor.
   *
   * @param base null for a new model
   */
  private record Start(
      ModelRef base, Model shape, int maxPositions, EngineSettings engine, long seed)
      implements Serializable {

    ModelLoader.Loaded open(ModelLoader models) throws IOException {
      if (base != null) {
        return models.trainable(models.resolve(base), engine.lora(), seed);
      }
      return new ModelLoader.Loaded(
          CausalLm.initialise(
              shape.lmConfig(maxPositions), seed, models.compute(), engine.precision()),
          null);
    }
  }
}
