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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Supervised fine-tuning: cross-entropy on the tokens that are to be learned, each of a batch
 * weighing the same.
 */
public final class SftTrainer {

  /**
   * @param epochs passes over the examples, each in a fresh order
   * @param batchSize examples per optimizer step
   * @param warmupRatio share of the steps over which the learning rate rises
   */
  public record Settings(
      int epochs,
      int batchSize,
      double learningRate,
      LearningRate.Schedule schedule,
      double warmupRatio,
      double weightDecay,
      double maxGradNorm) {}

  /**
   * One row of a batch.
   *
   * @param isLearned true at each token that is to be learned, as long as the tokens; the first
   *     never
   */
  public record Example(int[] tokens, boolean[] isLearned) {
    /** A prompt with its completion, of which the completion is learned. */
    public static Example of(ChatEncoder.Sequence sequence) {
      boolean[] learned = new boolean[sequence.tokens().length];
      Arrays.fill(learned, sequence.promptTokens(), learned.length, true);
      return new Example(sequence.tokens(), learned);
    }

    /** How many tokens are learned. */
    public int learned() {
      int count = 0;
      for (int t = 1; t < tokens.length; t++) {
        count += isLearned[t] ? 1 : 0;
      }
      return count;
    }
  }

  private final TrainingSession session;
  private final Settings settings;
  private final long seed;

  public SftTrainer(TrainingSession session, Settings settings, long seed) {
    this.session = session;
    this.settings = settings;
    this.seed = seed;
  }

  public void train(List<Example> examples, Progress progress) {
    Epochs<Example> epochs = new Epochs<>(examples, settings.batchSize(), settings.epochs(), seed);
    int totalSteps = epochs.totalSteps();
    LearningRate rate =
        new LearningRate(
            settings.schedule(),
            settings.learningRate(),
            (int) Math.ceil(settings.warmupRatio() * totalSteps),
            totalSteps);
    for (int step = 0; step < totalSteps; step++) {
      List<Example> batch = epochs.batch(step);
      double loss = session.forwardBackward(batch(batch), new CrossEntropy()).loss();
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

  /** Pads the examples; each learned token weighs 1 / (learned tokens of the batch). */
  static TokenBatch batch(List<Example> examples) {
    int width = examples.stream().mapToInt(e -> e.tokens().length).max().orElseThrow();
    long total = examples.stream().mapToLong(Example::learned).sum();
    float[][] weights = new float[examples.size()][width];
    for (int b = 0; b < weights.length; b++) {
      Example example = examples.get(b);
      // Position t says what stands at t + 1.
      for (int t = 0; t + 1 < example.tokens().length; t++) {
        weights[b][t] = example.isLearned()[t + 1] ? 1f / total : 0;
      }
    }
    return Microbatches.pad(
        examples.stream().map(Example::tokens).toList(), Map.of(TokenBatch.WEIGHTS, weights));
  }

  /** Mean over the learned tokens of -log p, for each example: what is left after training. */
  public double[] losses(List<Example> examples) {
    float[][] logProbs = session.evaluate(batch(examples)).logProbs();
    double[] losses = new double[examples.size()];
    for (int b = 0; b < losses.length; b++) {
      Example example = examples.get(b);
      for (int t = 0; t + 1 < example.tokens().length; t++) {
        losses[b] -= example.isLearned()[t + 1] ? logProbs[b][t] / example.learned() : 0;
      }
    }
    return losses;
  }
}
