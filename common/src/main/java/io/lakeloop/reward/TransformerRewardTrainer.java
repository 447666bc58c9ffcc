package io.lakeloop.reward;

import io.lakeloop.algorithm.BradleyTerry;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.session.Divergence;
import io.lakeloop.session.Epochs;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.Microbatches;
import io.lakeloop.session.Progress;
import io.lakeloop.session.TrainingSession;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Fits a language model's scalar head, and the model with it, to preference pairs by the
 * Bradley-Terry loss; the learning rate falls to 0 over the training (D9).
 */
public final class TransformerRewardTrainer {

  /**
   * @param epochs passes over the pairs
   * @param batchSize pairs per optimizer step
   */
  public record Settings(
      int epochs,
      int batchSize,
      double learningRate,
      LearningRate.Schedule schedule,
      double weightDecay,
      double maxGradNorm) {}

  private final TrainingSession session;
  private final ChatEncoder encoder;
  private final Settings settings;
  private final long seed;

  /**
   * @param session of a model with a fresh scalar head
   */
  public TransformerRewardTrainer(
      TrainingSession session, ChatEncoder encoder, Settings settings, long seed) {
    this.session = session;
    this.encoder = encoder;
    this.settings = settings;
    this.seed = seed;
  }

  public void train(List<PreferencePair> pairs, Progress progress) {
    Epochs<PreferencePair> epochs =
        new Epochs<>(pairs, settings.batchSize(), settings.epochs(), seed);
    int totalSteps = epochs.totalSteps();
    LearningRate rate =
        new LearningRate(settings.schedule(), settings.learningRate(), 0, totalSteps);
    for (int step = 0; step < totalSteps; step++) {
      List<PreferencePair> batch = epochs.batch(step);
      TrainingSession.LossReport report =
          session.forwardBackward(pairBatch(batch, encoder), new BradleyTerry());
      Divergence.check(report.loss(), "loss", step);
      double norm =
          session.optimStep(
              new AdamW.Settings(
                  rate.at(step), settings.weightDecay(), settings.maxGradNorm(), 1e-8));
      Map<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("loss", report.loss());
      metrics.put("rewards/accuracies", report.metrics().get("correct") / batch.size());
      metrics.put("grad_norm", Divergence.check(norm, "grad_norm", step));
      progress.step(step, totalSteps, metrics);
    }
  }

  private static TokenBatch pairBatch(List<PreferencePair> pairs, ChatEncoder encoder) {
    List<int[]> rows = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      rows.add(encoder.sequence(pair.before(), pair.chosen()).tokens());
      rows.add(encoder.sequence(pair.before(), pair.rejected()).tokens());
    }
    double totalWeight = pairs.stream().mapToDouble(PreferencePair::weight).sum();
    int width = rows.stream().mapToInt(row -> row.length).max().orElseThrow();
    float[][] weights = new float[rows.size()][width];
    float[][] probabilities = new float[rows.size()][width];
    float[][] margins = new float[rows.size()][width];
    for (int i = 0; i < pairs.size(); i++) {
      weights[2 * i][0] = (float) (pairs.get(i).weight() / totalWeight);
      probabilities[2 * i][0] = (float) pairs.get(i).probability();
      margins[2 * i][0] = (float) pairs.get(i).margin();
    }
    return Microbatches.pad(
        rows,
        Map.of(
            TokenBatch.WEIGHTS,
            weights,
            TokenBatch.CHOSEN_PROBABILITY,
            probabilities,
            TokenBatch.MARGIN,
            margins));
  }
}
