package io.lakeloop.jobs.training;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS;

import io.lakeloop.config.Problems;
import io.lakeloop.lm.BpeTrainer;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.ChatEncoder;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.Tokenizer;
import io.lakeloop.policy.PolicyFolder;
import io.lakeloop.policy.SftExamples;
import io.lakeloop.policy.SftTrainer;
import io.lakeloop.reward.Exchange;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.session.LocalSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Trains a tokenizer and a small language model from scratch on the cleaned completions. */
public final class TrainSftJob implements Job<TrainSftJob.Config> {

  /** Shape of the model, in the words of a Hugging Face config.json. */
  public record Model(int vocabSize, int hiddenSize, int intermediateSize, int layers, int heads) {
    LmConfig lmConfig(int maxPositions) {
      return new LmConfig(
          vocabSize, hiddenSize, intermediateSize, layers, heads, maxPositions, 10_000, 1e-5);
    }
  }

  public record Config(
      String name,
      Model model,
      int maxExamples,
      int maxPromptTokens,
      int maxCompletionTokens,
      int epochs,
      int batchSize,
      double learningRate,
      int warmupSteps,
      double weightDecay,
      double maxGradNorm,
      long seed) {
    public Config {
      Problems.in("train-sft")
          .require(!name.isBlank(), "name is empty")
          .require(
              model.vocabSize() >= 300 && model.vocabSize() <= 65_536,
              "model.vocab-size must lie in 300..65536, got %d",
              model.vocabSize())
          .require(maxExamples >= 1, "max-examples must be at least 1, got %d", maxExamples)
          .require(
              maxPromptTokens >= 8, "max-prompt-tokens must be at least 8, got %d", maxPromptTokens)
          .require(
              maxCompletionTokens >= 8,
              "max-completion-tokens must be at least 8, got %d",
              maxCompletionTokens)
          .require(epochs >= 1, "epochs must be at least 1, got %d", epochs)
          .require(batchSize >= 1, "batch-size must be at least 1, got %d", batchSize)
          .require(learningRate > 0, "learning-rate must be positive, got %s", learningRate)
          .throwIfAny();
    }

    SftTrainer.Settings training() {
      return new SftTrainer.Settings(
          epochs, batchSize, learningRate, warmupSteps, weightDecay, maxGradNorm);
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    List<Exchange> examples =
        SftExamples.read(context.tables().read(INTERACTIONS), config.maxExamples());
    context.countRead(examples.size());
    Path draft = context.draft(config.name());
    Path tokenizerJson = trainTokenizer(config, examples, draft);
    StepMetrics metrics = new StepMetrics(context, "sft");
    try (Tokenizer tokenizer = Tokenizer.open(tokenizerJson);
        LocalSession session = new LocalSession(newModel(config), config.batchSize(), 1)) {
      ChatEncoder encoder =
          new ChatEncoder(tokenizer, config.maxPromptTokens(), config.maxCompletionTokens());
      context.say(
          "%,d examples, %,d parameters", examples.size(), session.model().parameterCount());

      new SftTrainer(session, config.training(), JobContext.key(config.seed(), "sft"))
          .train(
              examples.stream().map(e -> encoder.sequence(e.prompt(), e.completion())).toList(),
              (step, total, values) -> metrics.add(step, total, values, "loss"));

      new PolicyFolder(draft).write(session.model(), encoder, tokenizerJson);
    }
    metrics.save();
    context.publish(draft, config.name(), "causal-lm", List.of(), "", config.seed());
  }

  private static CausalLm newModel(Config config) {
    int maxPositions = config.maxPromptTokens() + config.maxCompletionTokens();
    return CausalLm.initialise(
        config.model().lmConfig(maxPositions), JobContext.key(config.seed(), "weights"));
  }

  private static Path trainTokenizer(Config config, List<Exchange> examples, Path folder)
      throws IOException {
    Path tokenizerJson = folder.resolve("tokenizer.json");
    new BpeTrainer(config.model().vocabSize())
        .train(
            examples.stream().flatMap(e -> Stream.of(e.prompt(), e.completion())).toList(),
            tokenizerJson);
    return tokenizerJson;
  }
}
