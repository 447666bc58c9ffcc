package io.lakeloop.policy;

import io.lakeloop.algorithm.AdvantageEstimator;
import io.lakeloop.algorithm.KlEstimator;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.algorithm.Whitening;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.session.Microbatches;
import io.lakeloop.session.TrainingSession;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The episodes of one PPO step, with everything that the update needs to know of them. */
final class Rollout {

  /** A prompt, its drawn answer, and the sequence of both. */
  record Episode(
      int promptId,
      int sample,
      String prompt,
      String completion,
      ChatEncoder.Sequence sequence,
      Generator.Completion drawn) {

    /** Position that predicts the first completion token. */
    int first() {
      return sequence.promptTokens() - 1;
    }

    /** Position behind the one that predicts the last token. */
    int end() {
      return sequence.tokens().length - 1;
    }
  }

  /** A score and what the safety filter takes off it. */
  record Score(double score, double safetyPenalty) {}

  private final int step;
  private final List<Episode> episodes;
  private final List<Score> scores;
  private final TrainingSession.Evaluation policy;
  private final TrainingSession.Evaluation reference;
  private final float[][] rewards;
  private final float[][] returns;
  private final float[][] advantages;
  private final boolean[][] mask;

  Rollout(
      int step,
      List<Episode> episodes,
      List<Score> scores,
      TrainingSession policy,
      TrainingSession reference,
      double beta,
      AdvantageEstimator estimator) {
    this.step = step;
    this.episodes = episodes;
    this.scores = scores;
    TokenBatch batch =
        Microbatches.pad(episodes.stream().map(e -> e.sequence().tokens()).toList(), Map.of());
    this.policy = padded(policy.evaluate(batch), batch.tokens()[0].length);
    this.reference = padded(reference.evaluate(batch), batch.tokens()[0].length);
    int width = batch.tokens()[0].length;
    this.rewards = new float[episodes.size()][width];
    this.returns = new float[episodes.size()][];
    this.advantages = new float[episodes.size()][];
    this.mask = new boolean[episodes.size()][width];
    for (int b = 0; b < episodes.size(); b++) {
      Episode episode = episodes.get(b);
      for (int t = episode.first(); t < episode.end(); t++) {
        mask[b][t] = true;
        rewards[b][t] = (float) (-beta * logRatio(b, t));
      }
      rewards[b][episode.end() - 1] += (float) total(b);
      AdvantageEstimator.Estimate estimate =
          estimator.estimate(rewards[b], this.policy.values()[b], mask[b]);
      advantages[b] = estimate.advantages();
      returns[b] = estimate.returns();
    }
    Whitening.whiten(advantages, mask, Whitening.Variance.POPULATION, false);
  }

  /** Microbatches are cut to their longest row; here all rows have the batch's width again. */
  private static TrainingSession.Evaluation padded(TrainingSession.Evaluation e, int width) {
    return new TrainingSession.Evaluation(
        padded(e.logProbs(), width), padded(e.values(), width), padded(e.entropy(), width));
  }

  private static float[][] padded(float[][] rows, int width) {
    return Arrays.stream(rows).map(row -> Arrays.copyOf(row, width)).toArray(float[][]::new);
  }

  int step() {
    return step;
  }

  int size() {
    return episodes.size();
  }

  private double logRatio(int b, int t) {
    return policy.logProbs()[b][t] - reference.logProbs()[b][t];
  }

  private double total(int b) {
    return scores.get(b).score() - scores.get(b).safetyPenalty();
  }

  /** The rows as a batch for {@link io.lakeloop.algorithm.PpoLoss}; each token weighs the same. */
  TokenBatch batch(int[] rows) {
    double tokens = 0;
    for (int row : rows) {
      tokens += episodes.get(row).end() - episodes.get(row).first();
    }
    float[][] weights = new float[rows.length][mask[0].length];
    for (int b = 0; b < rows.length; b++) {
      for (int t = 0; t < weights[b].length; t++) {
        weights[b][t] = mask[rows[b]][t] ? (float) (1 / tokens) : 0;
      }
    }
    Map<String, float[][]> inputs = new LinkedHashMap<>();
    inputs.put(TokenBatch.WEIGHTS, weights);
    inputs.put(TokenBatch.ADVANTAGES, select(advantages, rows));
    inputs.put(TokenBatch.RETURNS, select(returns, rows));
    inputs.put(TokenBatch.OLD_LOG_PROBS, select(policy.logProbs(), rows));
    inputs.put(TokenBatch.OLD_VALUES, select(policy.values(), rows));
    return Microbatches.pad(
        Arrays.stream(rows).mapToObj(row -> episodes.get(row).sequence().tokens()).toList(),
        inputs);
  }

  private static float[][] select(float[][] values, int[] rows) {
    return Arrays.stream(rows).mapToObj(row -> values[row]).toArray(float[][]::new);
  }

  List<Trajectory> trajectories() {
    List<Trajectory> trajectories = new ArrayList<>();
    for (int b = 0; b < episodes.size(); b++) {
      Episode episode = episodes.get(b);
      trajectories.add(
          new Trajectory(
              step,
              episode.promptId(),
              episode.sample(),
              episode.prompt(),
              episode.completion(),
              episode.drawn().tokens(),
              completionPart(policy.logProbs(), b),
              completionPart(reference.logProbs(), b),
              completionPart(policy.values(), b),
              completionPart(rewards, b),
              scores.get(b).score(),
              scores.get(b).safetyPenalty(),
              kl(b),
              episode.drawn().ended() ? "end_token" : "length"));
    }
    return trajectories;
  }

  private float[] completionPart(float[][] values, int b) {
    return Arrays.copyOfRange(values[b], episodes.get(b).first(), episodes.get(b).end());
  }

  private double kl(int b) {
    double kl = 0;
    for (int t = episodes.get(b).first(); t < episodes.get(b).end(); t++) {
      kl += logRatio(b, t);
    }
    return kl;
  }

  /** What a step is judged by (D26), before the update. */
  Map<String, Double> metrics(double beta) {
    double n = episodes.size();
    double tokens = 0;
    double kl = 0;
    double k3 = 0;
    double entropy = 0;
    double drift = 0;
    for (int b = 0; b < n; b++) {
      Episode episode = episodes.get(b);
      kl += kl(b) / n;
      for (int t = episode.first(); t < episode.end(); t++) {
        double logProb = policy.logProbs()[b][t];
        k3 += KlEstimator.K3.of(logProb, reference.logProbs()[b][t]) / n;
        entropy += policy.entropy()[b][t];
        drift += Math.exp(Math.abs(logProb - episode.drawn().logProbs()[t - episode.first()]));
        tokens++;
      }
    }
    double score = scores.stream().mapToDouble(Score::score).sum() / n;
    double penalty = scores.stream().mapToDouble(Score::safetyPenalty).sum() / n;
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("score", score);
    metrics.put("safety_penalty", penalty);
    metrics.put("score_minus_beta_kl", score - penalty - beta * kl);
    metrics.put("kl", kl);
    metrics.put("kl_k3", k3);
    metrics.put("beta", beta);
    metrics.put("entropy", entropy / tokens);
    metrics.put("completions/mean_length", tokens / n);
    metrics.put(
        "completions/end_rate", episodes.stream().filter(e -> e.drawn().ended()).count() / n);
    metrics.put("sampling/mean_exp_abs_difference", drift / tokens);
    metrics.put("value/explained_variance", explainedVariance());
    return metrics;
  }

  private double explainedVariance() {
    double[] errors = new double[2];
    double[] targets = new double[2];
    double count = 0;
    for (int b = 0; b < episodes.size(); b++) {
      for (int t = episodes.get(b).first(); t < episodes.get(b).end(); t++) {
        double error = returns[b][t] - policy.values()[b][t];
        errors[0] += error;
        errors[1] += error * error;
        targets[0] += returns[b][t];
        targets[1] += returns[b][t] * returns[b][t];
        count++;
      }
    }
    double variance = targets[1] / count - Math.pow(targets[0] / count, 2);
    double residual = errors[1] / count - Math.pow(errors[0] / count, 2);
    return variance > 0 ? 1 - residual / variance : 0;
  }
}
