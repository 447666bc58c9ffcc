package io.lakeloop.policy;

import io.lakeloop.algorithm.AdvantageEstimator;
import io.lakeloop.algorithm.KlEstimator;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.algorithm.Whitening;
import io.lakeloop.chat.Conversation;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.session.Microbatches;
import io.lakeloop.session.TrainingSession;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The episodes of one step, with everything that the update needs to know of them. */
final class Rollout {

  /** A prompt, its drawn answer, and the sequence of both. */
  record Episode(
      int promptId,
      int sample,
      Conversation before,
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

    int tokens() {
      return end() - first();
    }
  }

  /** A score and what the safety filter takes off it. */
  record Score(double score, double safetyPenalty) {
    double total() {
      return score - safetyPenalty;
    }
  }

  private final int step;
  private final List<Episode> episodes;
  private final List<Score> scores;
  private final PolicySettings settings;
  private final double beta;
  private final float[][] logProbs;
  private final float[][] refLogProbs;
  private final float[][] values;
  private final float[][] entropy;
  private final float[][] rewards;
  private final float[][] returns;
  private final float[][] advantages;
  private final boolean[][] mask;
  private final boolean[][] valueMask;

  Rollout(
      int step,
      List<Episode> episodes,
      List<Score> scores,
      TrainingSession policy,
      TrainingSession reference,
      PolicySettings settings,
      double beta) {
    this.step = step;
    this.episodes = episodes;
    this.scores = scores;
    this.settings = settings;
    this.beta = beta;
    int n = episodes.size();
    int width = episodes.stream().mapToInt(e -> e.sequence().tokens().length).max().orElseThrow();
    this.logProbs = new float[n][width];
    this.refLogProbs = new float[n][width];
    this.values = new float[n][width];
    this.entropy = new float[n][width];
    this.rewards = new float[n][width];
    this.returns = new float[n][width];
    this.advantages = new float[n][width];
    this.mask = new boolean[n][width];
    this.valueMask = new boolean[n][width];
    boolean slotAfter = settings.advantage().scoreAt() == PolicySettings.ScoreAt.AFTER_END;
    for (int b = 0; b < n; b++) {
      Episode episode = episodes.get(b);
      Arrays.fill(mask[b], episode.first(), episode.end(), true);
      Arrays.fill(valueMask[b], episode.first(), episode.end() + (slotAfter ? 1 : 0), true);
    }
    evaluate(policy, reference);
    reward();
    if (settings.method().baseline() == null) {
      estimateAdvantages();
    } else {
      compareGroups();
    }
  }

  /** Minibatch by minibatch, as the first epoch will see them. */
  private void evaluate(TrainingSession policy, TrainingSession reference) {
    for (int[] part : parts(size(), settings.update().minibatches())) {
      int[] rows = IntStream.range(part[0], part[1]).toArray();
      TokenBatch batch =
          Microbatches.pad(
              sequences(rows), Map.of(TokenBatch.MASK, weights(valueMask, rows, row -> 1)));
      TrainingSession.Evaluation mine = policy.evaluate(batch);
      TrainingSession.Evaluation theirs = reference.evaluate(batch);
      for (int i = 0; i < rows.length; i++) {
        put(mine.logProbs()[i], logProbs[rows[i]]);
        put(mine.values()[i], values[rows[i]]);
        put(mine.entropy()[i], entropy[rows[i]]);
        put(theirs.logProbs()[i], refLogProbs[rows[i]]);
      }
    }
  }

  /** Microbatches are cut to their longest row; here all rows have the batch's width again. */
  private static void put(float[] part, float[] whole) {
    System.arraycopy(part, 0, whole, 0, part.length);
  }

  private void reward() {
    boolean slotAfter = settings.advantage().scoreAt() == PolicySettings.ScoreAt.AFTER_END;
    for (int b = 0; b < size(); b++) {
      Episode episode = episodes.get(b);
      if (!settings.method().klInLoss()) {
        for (int t = episode.first(); t < episode.end(); t++) {
          rewards[b][t] =
              (float) (-beta * settings.kl().estimator().of(logProbs[b][t], refLogProbs[b][t]));
        }
      }
      rewards[b][slotAfter ? episode.end() : episode.end() - 1] += (float) scores.get(b).total();
    }
  }

  private void estimateAdvantages() {
    PolicySettings.Advantages how = settings.advantage();
    float[][] used = rewards;
    if (how.whitenRewards()) {
      used = Arrays.stream(rewards).map(float[]::clone).toArray(float[][]::new);
      Whitening.whiten(used, valueMask, how.variance(), true);
    }
    AdvantageEstimator estimator = new AdvantageEstimator(how.gamma(), how.gaeLambda());
    for (int b = 0; b < size(); b++) {
      AdvantageEstimator.Estimate estimate = estimator.estimate(used[b], values[b], valueMask[b]);
      put(estimate.advantages(), advantages[b]);
      put(estimate.returns(), returns[b]);
    }
    if (how.whitenAdvantages()) {
      Whitening.whiten(advantages, mask, how.variance(), false);
    }
  }

  /** Each completion's summed reward against those of its group, the same at all of its tokens. */
  private void compareGroups() {
    Map<Integer, List<Integer>> groups = new LinkedHashMap<>();
    for (int b = 0; b < size(); b++) {
      int group = settings.method().groupsByPrompt() ? episodes.get(b).promptId() : 0;
      groups.computeIfAbsent(group, g -> new ArrayList<>()).add(b);
    }
    for (List<Integer> group : groups.values()) {
      double[] compared =
          settings
              .method()
              .baseline()
              .advantages(group.stream().mapToDouble(this::summedReward).toArray());
      for (int i = 0; i < compared.length; i++) {
        Episode episode = episodes.get(group.get(i));
        Arrays.fill(advantages[group.get(i)], episode.first(), episode.end(), (float) compared[i]);
      }
    }
  }

  private double summedReward(int b) {
    double sum = 0;
    for (float reward : rewards[b]) {
      sum += reward;
    }
    return sum;
  }

  int size() {
    return episodes.size();
  }

  /** Tokens drawn. */
  int tokens() {
    return episodes.stream().mapToInt(Episode::tokens).sum();
  }

  static int[] inOrder(int n) {
    return IntStream.range(0, n).toArray();
  }

  /** Borders of the minibatches of n rows. */
  static List<int[]> parts(int n, int minibatches) {
    List<int[]> parts = new ArrayList<>();
    for (int part = 0; part < minibatches; part++) {
      parts.add(new int[] {part * n / minibatches, (part + 1) * n / minibatches});
    }
    return parts;
  }

  /** Sequences whose completions alone are evaluated. */
  static TokenBatch masked(List<ChatEncoder.Sequence> sequences) {
    int width = sequences.stream().mapToInt(s -> s.tokens().length).max().orElseThrow();
    float[][] mask = new float[sequences.size()][width];
    for (int b = 0; b < mask.length; b++) {
      ChatEncoder.Sequence sequence = sequences.get(b);
      Arrays.fill(mask[b], sequence.promptTokens() - 1, sequence.tokens().length - 1, 1);
    }
    return Microbatches.pad(
        sequences.stream().map(ChatEncoder.Sequence::tokens).toList(),
        Map.of(TokenBatch.MASK, mask));
  }

  private List<int[]> sequences(int[] rows) {
    return Arrays.stream(rows).mapToObj(row -> episodes.get(row).sequence().tokens()).toList();
  }

  /** Weight of a row's tokens. */
  @FunctionalInterface
  private interface RowWeight {
    double of(int row);
  }

  private static float[][] weights(boolean[][] mask, int[] rows, RowWeight weight) {
    float[][] weights = new float[rows.length][mask[0].length];
    for (int b = 0; b < rows.length; b++) {
      for (int t = 0; t < weights[b].length; t++) {
        weights[b][t] = mask[rows[b]][t] ? (float) weight.of(rows[b]) : 0;
      }
    }
    return weights;
  }

  /** The rows as a batch for {@link io.lakeloop.algorithm.PolicyLoss}. */
  TokenBatch batch(int[] rows) {
    double tokens = Arrays.stream(rows).mapToDouble(row -> episodes.get(row).tokens()).sum();
    RowWeight weight =
        settings.update().lossMean() == PolicySettings.LossMean.TOKEN
            ? row -> 1 / tokens
            : row -> 1.0 / rows.length / episodes.get(row).tokens();
    Map<String, float[][]> inputs = new LinkedHashMap<>();
    inputs.put(TokenBatch.WEIGHTS, weights(mask, rows, weight));
    inputs.put(TokenBatch.VALUE_WEIGHTS, weights(valueMask, rows, weight));
    inputs.put(TokenBatch.ADVANTAGES, select(advantages, rows));
    inputs.put(TokenBatch.RETURNS, select(returns, rows));
    inputs.put(TokenBatch.OLD_LOG_PROBS, select(logProbs, rows));
    inputs.put(TokenBatch.REF_LOG_PROBS, select(refLogProbs, rows));
    inputs.put(TokenBatch.OLD_VALUES, select(values, rows));
    if (settings.update().importanceCap() > 0) {
      inputs.put(TokenBatch.IMPORTANCE_WEIGHTS, select(importanceWeights(), rows));
    }
    return Microbatches.pad(sequences(rows), inputs);
  }

  /** How much likelier a token is in training than it was in generation, truncated (D25). */
  private float[][] importanceWeights() {
    float[][] weights = new float[size()][mask[0].length];
    for (int b = 0; b < size(); b++) {
      Episode episode = episodes.get(b);
      for (int t = episode.first(); t < episode.end(); t++) {
        double ratio = Math.exp(logProbs[b][t] - episode.drawn().logProbs()[t - episode.first()]);
        weights[b][t] = (float) Math.min(ratio, settings.update().importanceCap());
      }
    }
    return weights;
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
              episode.before(),
              episode.completion(),
              episode.drawn().tokens(),
              completionPart(logProbs, b, 0),
              completionPart(refLogProbs, b, 0),
              completionPart(values, b, 0),
              completionPart(
                  rewards,
                  b,
                  settings.advantage().scoreAt() == PolicySettings.ScoreAt.AFTER_END ? 1 : 0),
              scores.get(b).score(),
              scores.get(b).safetyPenalty(),
              kl(b),
              episode.drawn().ended() ? "end_token" : "length"));
    }
    return trajectories;
  }

  private float[] completionPart(float[][] values, int b, int more) {
    return Arrays.copyOfRange(values[b], episodes.get(b).first(), episodes.get(b).end() + more);
  }

  private double kl(int b) {
    double kl = 0;
    for (int t = episodes.get(b).first(); t < episodes.get(b).end(); t++) {
      kl += logProbs[b][t] - refLogProbs[b][t];
    }
    return kl;
  }

  /** What a step is judged by (D26), before the update. */
  Map<String, Double> metrics() {
    double n = episodes.size();
    double tokens = tokens();
    double kl = 0;
    double k3 = 0;
    double entropies = 0;
    double drift = 0;
    for (int b = 0; b < n; b++) {
      Episode episode = episodes.get(b);
      kl += kl(b) / n;
      for (int t = episode.first(); t < episode.end(); t++) {
        k3 += KlEstimator.K3.of(logProbs[b][t], refLogProbs[b][t]) / n;
        entropies += entropy[b][t];
        drift +=
            Math.exp(Math.abs(logProbs[b][t] - episode.drawn().logProbs()[t - episode.first()]));
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
    metrics.put("entropy", entropies / tokens);
    metrics.put("completions/mean_length", tokens / n);
    metrics.put(
        "completions/end_rate", episodes.stream().filter(e -> e.drawn().ended()).count() / n);
    metrics.put("sampling/mean_exp_abs_difference", drift / tokens);
    if (settings.method() == PolicySettings.Method.PPO) {
      metrics.put("value/explained_variance", explainedVariance());
    }
    return metrics;
  }

  /** {@code 1 - Var(R - V) / Var(R)} over the completions' tokens. */
  private double explainedVariance() {
    double[] errors = new double[2];
    double[] targets = new double[2];
    for (int b = 0; b < episodes.size(); b++) {
      for (int t = episodes.get(b).first(); t < episodes.get(b).end(); t++) {
        double error = returns[b][t] - values[b][t];
        errors[0] += error;
        errors[1] += error * error;
        targets[0] += returns[b][t];
        targets[1] += returns[b][t] * returns[b][t];
      }
    }
    double count = tokens();
    double variance = targets[1] / count - Math.pow(targets[0] / count, 2);
    double residual = errors[1] / count - Math.pow(errors[0] / count, 2);
    return variance > 0 ? 1 - residual / variance : 0;
  }
}
