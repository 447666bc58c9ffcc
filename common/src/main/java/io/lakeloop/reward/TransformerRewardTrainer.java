package io.lakeloop.reward;

import io.lakeloop.algorithm.BradleyTerry;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.session.Divergence;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.Epochs;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.Microbatches;
import io.lakeloop.session.ModelLoader;
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

  private final Settings settings;
  private final EngineSettings engine;
  private final long seed;

  public TransformerRewardTrainer(Settings settings, EngineSettings engine, long seed) {
    this.settings = settings;
    this.engine = engine;
    this.seed = seed;
  }

  /** Trains {@code base} in place and returns it as a reward model, normalised on the pairs. */
  public TransformerReward train(
      ModelLoader.Loaded base, ChatEncoder encoder, List<PreferencePair> pairs, Progress progress) {
    base.model().randomiseScalarHead(seed);
    LocalSession session = new LocalSession(base.model(), engine, 1);
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
    session.endTraining();
    return normalised(base, encoder, pairs);
  }

  private static TokenBatch pairBatch(List<PreferencePair> pairs, ChatEncoder encoder) {
    List<int[]> rows = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      rows.add(encoder.sequence(pair.prompt(), pair.chosen()).tokens());
      rows.add(encoder.sequence(pair.prompt(), pair.rejected()).tokens());
    }
    double totalWeight = pairs.stream().mapToDouble(PreferencePair::weight).sum();
    int width = rows.stream().mapToInt(row -> row.length).max().orElseThrow();
    float[][] weights = new float[rows.size()][width];
    float[][] probabilities = new float[rows.size()][width];
    for (int i = 0; i < pairs.size(); i++) {
      weights[2 * i][0] = (float) (pairs.get(i).weight() / totalWeight);
      probabilities[2 * i][0] = (float) pairs.get(i).probability();
    }
    return Microbatches.pad(
        rows, Map.of(TokenBatch.WEIGHTS, weights, TokenBatch.CHOSEN_PROBABILITY, probabilities));
  }

  private static TransformerReward normalised(
      ModelLoader.Loaded model, ChatEncoder encoder, List<PreferencePair> pairs) {
    List<Exchange> references = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      references.add(pair.chosenExchange());
      references.add(pair.rejectedExchange());
    }
    TransformerReward raw = new TransformerReward(model, encoder, new Normalisation(1, 0));
    return new TransformerReward(model, encoder, Normalisation.of(raw.score(references)));
  }
}
