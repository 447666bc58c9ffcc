package io.lakeloop.policy;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.algorithm.DpoLoss;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.config.Problems;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.reward.PreferencePair;
import io.lakeloop.session.Divergence;
import io.lakeloop.session.Epochs;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.TrainingSession;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Direct preference optimisation: the policy learns from pairs, without a reward model. */
public final class DpoTrainer {

  /**
   * Settings; defaults and sources stand in train-policy.yaml.
   *
   * @param batchSize pairs per optimizer step
   * @param commitEvery optimizer steps between two commits
   */
  public record Settings(
      DpoLoss.Form form,
      double beta,
      double labelSmoothing,
      int epochs,
      int batchSize,
      double learningRate,
      int commitEvery) {
    public Settings {
      Problems.in("dpo")
          .require(
              beta > 0 && beta <= 1e6, "dpo.beta must be positive and at most 1e6, got %s", beta)
          .require(
              labelSmoothing >= 0 && labelSmoothing < 0.5,
              "dpo.label-smoothing must lie in [0, 0.5), got %s",
              labelSmoothing)
          .require(
              epochs >= 1 && epochs <= 10_000, "dpo.epochs must lie in 1..10000, got %d", epochs)
          .require(
              batchSize >= 1 && batchSize <= 1_000_000,
              "dpo.batch-size must lie in 1..1000000, got %d",
              batchSize)
          .require(
              learningRate > 0 && Double.isFinite(learningRate),
              "dpo.learning-rate must be positive and finite, got %s",
              learningRate)
          .require(commitEvery >= 1, "dpo.commit-every must be at least 1, got %d", commitEvery)
          .throwIfAny();
    }
  }

  private final TrainingSession policy;
  private final TrainingSession reference;
  private final ChatEncoder encoder;
  private final Settings settings;
  private final PolicySettings.Update update;
  private final long seed;

  /**
   * @param update of which the schedule, the gradient's norm and the optimizer's form are used
   */
  public DpoTrainer(
      TrainingSession policy,
      TrainingSession reference,
      ChatEncoder encoder,
      Settings settings,
      PolicySettings.Update update,
      long seed) {
    this.policy = policy;
    this.reference = reference;
    this.encoder = encoder;
    this.settings = settings;
    this.update = update;
    this.seed = seed;
  }

  /** Told after each optimizer step; a commit is due where {@code commit} is true. */
  @FunctionalInterface
  public interface Listener {
    void step(int done, int total, boolean commit, Map<String, Double> metrics);
  }

  /**
   * Trains from an optimizer step, 0 at the start, to the end.
   *
   * @param done steps that the policy has behind it
   * @return steps in all
   */
  public int train(int done, List<PreferencePair> pairs, Listener listener) {
    Epochs<PreferencePair> epochs =
        new Epochs<>(
            pairs,
            settings.batchSize(),
            settings.epochs(),
            CounterRandom.bits(seed, "dpo".hashCode()));
    int total = epochs.totalSteps();
    LearningRate rate = new LearningRate(update.schedule(), settings.learningRate(), 0, total);
    DpoLoss loss = new DpoLoss(settings.form(), settings.beta(), settings.labelSmoothing());
    for (int step = done; step < total; step++) {
      List<PreferencePair> batch = epochs.batch(step);
      TrainingSession.LossReport report = policy.forwardBackward(tokens(batch), loss);
      Divergence.check(report.loss(), "loss", step);
      double norm =
          policy.optimStep(
              new AdamW.Settings(
                  rate.at(step),
                  0,
                  update.maxGradNorm(),
                  update.adamEpsilon(),
                  update.adamBeta2(),
                  update.adamForm()));
      Map<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("loss", report.loss());
      metrics.put("rewards/accuracies", report.metrics().get("correct") / batch.size());
      metrics.put("rewards/margins", report.metrics().get("margins") / batch.size());
      metrics.put("grad_norm", Divergence.check(norm, "grad_norm", step));
      metrics.put("learning_rate", rate.at(step));
      boolean commit = (step + 1) % settings.commitEvery() == 0 || step + 1 == total;
      listener.step(step + 1, total, commit, metrics);
    }
    return total;
  }

  private TokenBatch tokens(List<PreferencePair> pairs) {
    List<ChatEncoder.Sequence> sequences = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      sequences.add(encoder.sequence(pair.before(), pair.chosen()));
      sequences.add(encoder.sequence(pair.before(), pair.rejected()));
    }
    TokenBatch masked = Rollout.masked(sequences);
    float[][] ofReference = reference.evaluate(masked).logProbs();
    int width = masked.tokens()[0].length;
    double totalWeight = pairs.stream().mapToDouble(PreferencePair::weight).sum();
    float[][] weights = new float[sequences.size()][width];
    float[][] labels = new float[sequences.size()][width];
    float[][] references = new float[sequences.size()][width];
    for (int i = 0; i < pairs.size(); i++) {
      weights[2 * i][0] = (float) (pairs.get(i).weight() / totalWeight);
      labels[2 * i][0] = (float) pairs.get(i).probability();
    }
    for (int b = 0; b < references.length; b++) {
      System.arraycopy(ofReference[b], 0, references[b], 0, ofReference[b].length);
    }
    Map<String, float[][]> inputs = new LinkedHashMap<>(masked.inputs());
    inputs.put(TokenBatch.WEIGHTS, weights);
    inputs.put(TokenBatch.CHOSEN_PROBABILITY, labels);
    inputs.put(TokenBatch.REF_LOG_PROBS, references);
    return new TokenBatch(masked.tokens(), masked.targets(), masked.lengths(), inputs);
  }
}
