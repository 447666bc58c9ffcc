package io.lakeloop.policy;

import io.lakeloop.algorithm.CrossEntropy;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.session.Divergence;
import io.lakeloop.session.Epochs;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.Microbatches;
import io.lakeloop.session.Progress;
import io.lakeloop.session.TrainingSession;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Supervised fine-tuning: cross-entropy on the completions' tokens, each token of a batch weighing
 * the same, prompts not trained on.
 */
public final class SftTrainer {

  /**
   * @param epochs passes over the examples, each in a fresh order
   * @param batchSize examples per optimizer step
   */
  public record Settings(
      int epochs,
      int batchSize,
      double learningRate,
      LearningRate.Schedule schedule,
      int warmupSteps,
      double weightDecay,
      double maxGradNorm) {}

  private final TrainingSession session;
  private final Settings settings;
  private final long seed;

  public SftTrainer(TrainingSession session, Settings settings, long seed) {
    this.session = session;
    this.settings = settings;
    this.seed = seed;
  }

  public void train(List<ChatEncoder.Sequence> examples, Progress progress) {
    Epochs<ChatEncoder.Sequence> epochs =
        new Epochs<>(examples, settings.batchSize(), settings.epochs(), seed);
    int totalSteps = epochs.totalSteps();
    LearningRate rate =
        new LearningRate(
            settings.schedule(), settings.learningRate(), settings.warmupSteps(), totalSteps);
    for (int step = 0; step < totalSteps; step++) {
      List<ChatEncoder.Sequence> batch = epochs.batch(step);
      double loss = session.forwardBackward(completionBatch(batch), new CrossEntropy()).loss();
      Divergence.check(loss, "loss", step);
      double norm =
          session.optimStep(
              new AdamW.Settings(
                  rate.at(step), settings.weightDecay(), settings.maxGradNorm(), 1e-8));
      Map<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("loss", loss);
      metrics.put("grad_norm", Divergence.check(norm, "grad_norm", step));
      metrics.put("learning_rate", rate.at(step));
      progress.step(step, totalSteps, metrics);
    }
  }

  /** Pads the sequences; each completion token weighs 1 / (completion tokens of the batch). */
  static TokenBatch completionBatch(List<ChatEncoder.Sequence> sequences) {
    int width = sequences.stream().mapToInt(s -> s.tokens().length).max().orElseThrow();
    long total = sequences.stream().mapToLong(s -> s.tokens().length - s.promptTokens()).sum();
    float[][] weights = new float[sequences.size()][width];
    for (int b = 0; b < weights.length; b++) {
      ChatEncoder.Sequence sequence = sequences.get(b);
      for (int t = sequence.promptTokens() - 1; t < sequence.tokens().length - 1; t++) {
        weights[b][t] = 1f / total;
      }
    }
    return Microbatches.pad(
        sequences.stream().map(ChatEncoder.Sequence::tokens).toList(),
        Map.of(TokenBatch.WEIGHTS, weights));
  }
}
