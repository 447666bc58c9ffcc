package io.lakeloop.evaluation;

import io.lakeloop.algorithm.Bootstrap;
import io.lakeloop.algorithm.BradleyTerry;
import io.lakeloop.algorithm.TemperatureScaling;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.PreferencePair;
import io.lakeloop.reward.RewardModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Measures a reward model on pairs that it was not trained on:
 *
 * <ul>
 *   <li>{@code accuracy}: share of pairs whose chosen answer scores higher, ties half;
 *   <li>{@code log_loss}: mean of -log P(chosen preferred);
 *   <li>{@code ece}: expected calibration error over ten bins of confidence (Guo et al. 2017, <a
 *       href="https://arxiv.org/abs/1706.04599">1706.04599</a>);
 *   <li>{@code ece_calibrated}, {@code log_loss_calibrated}: the same with a temperature that was
 *       fitted to the other half of the pairs;
 *   <li>{@code length_baseline_accuracy}: that of preferring the longer answer, ties half;
 * </ul>
 *
 * over all pairs and by quartile of the pair's length, each with a bootstrap interval over pairs.
 */
public final class RewardEvaluation {
  private static final int BINS = 10;
  private static final int SCORED_AT_ONCE = 256;

  private final List<PreferencePair> pairs;
  private final double[] probabilities;
  private final double[] calibrated;
  private final double[] gaps;
  private final double temperature;
  private final long seed;

  private RewardEvaluation(
      List<PreferencePair> pairs, double[] gaps, double[] logits, double given, long seed) {
    this.pairs = pairs;
    this.gaps = gaps;
    this.probabilities = Arrays.stream(logits).map(BradleyTerry::sigmoid).toArray();
    this.calibrated = crossFitted(logits);
    this.temperature = given * TemperatureScaling.fit(logits);
    this.seed = seed;
  }

  /** Each half by the temperature that was fitted to the other, so that none has seen itself. */
  private static double[] crossFitted(double[] logits) {
    double[] calibrated = new double[logits.length];
    for (int half = 0; half < 2; half++) {
      int own = half;
      int[] others = IntStream.range(0, logits.length).filter(i -> i % 2 != own).toArray();
      double fitted =
          TemperatureScaling.fit(Arrays.stream(others).mapToDouble(i -> logits[i]).toArray());
      for (int i = own; i < logits.length; i += 2) {
        calibrated[i] = BradleyTerry.sigmoid(logits[i] / fitted);
      }
    }
    return calibrated;
  }

  /** Temperature that explains all pairs best: what a model is published with. */
  public double temperature() {
    return temperature;
  }

  /** Told how many pairs have been scored. */
  @FunctionalInterface
  public interface Scored {
    void pairs(int done, int total);
  }

  /**
   * Measures on the pairs whose answers differ in what the model reads of them.
   *
   * @param say takes a line about the others
   * @throws UserError DATA_EMPTY if there are no such pairs
   */
  public static RewardEvaluation of(
      RewardModel model, List<PreferencePair> all, long seed, Scored scored, Consumer<String> say) {
    List<PreferencePair> pairs = all.stream().filter(model::tellsApart).toList();
    if (pairs.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot measure the reward model: of %d pairs to measure it on, none has two answers that"
              + " differ in what it reads. Add pairs, or train one with a higher"
              + " limits.max-completion-tokens.",
          all.size());
    }
    if (pairs.size() < all.size()) {
      say.accept(
          "%d of %d pairs are not measured: within the limits their two answers are the same"
              .formatted(all.size() - pairs.size(), all.size()));
    }
    double[] gaps = new double[pairs.size()];
    double[] logits = new double[pairs.size()];
    for (int from = 0; from < pairs.size(); from += SCORED_AT_ONCE) {
      List<PreferencePair> part =
          pairs.subList(from, Math.min(pairs.size(), from + SCORED_AT_ONCE));
      List<Exchange> exchanges = new ArrayList<>();
      part.forEach(pair -> exchanges.add(pair.chosenExchange()));
      part.forEach(pair -> exchanges.add(pair.rejectedExchange()));
      double[] scores = model.score(exchanges);
      for (int i = 0; i < part.size(); i++) {
        gaps[from + i] = scores[i] - scores[part.size() + i];
        logits[from + i] = model.normalisation().logit(gaps[from + i]);
      }
      scored.pairs(from + part.size(), pairs.size());
    }
    return new RewardEvaluation(pairs, gaps, logits, model.normalisation().temperature(), seed);
  }

  public List<Metric> metrics() {
    List<Metric> metrics = new ArrayList<>();
    int[] all = IntStream.range(0, pairs.size()).toArray();
    slice(metrics, Metric.ALL, Metric.ALL, all);
    int[] byLength =
        IntStream.of(all)
            .boxed()
            .sorted(Comparator.comparingInt(this::length).thenComparing(i -> i))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int quartile = 0; quartile < 4; quartile++) {
      int[] part =
          Arrays.copyOfRange(byLength, quartile * all.length / 4, (quartile + 1) * all.length / 4);
      if (part.length > 0) {
        slice(metrics, "length_quartile", "q" + (quartile + 1), part);
      }
    }
    metrics.add(Metric.all("temperature", temperature, null, null, all.length));
    reliability(metrics, "confidence_bin", probabilities, all);
    reliability(metrics, "calibrated_confidence_bin", calibrated, all);
    return metrics;
  }

  private int length(int pair) {
    return pairs.get(pair).chosen().length() + pairs.get(pair).rejected().length();
  }

  private void slice(List<Metric> metrics, String kind, String value, int[] rows) {
    add(metrics, kind, value, "accuracy", rows, this::accuracy);
    add(metrics, kind, value, "log_loss", rows, drawn -> logLoss(probabilities, drawn));
    add(metrics, kind, value, "ece", rows, drawn -> calibrationError(probabilities, drawn));
    add(metrics, kind, value, "log_loss_calibrated", rows, drawn -> logLoss(calibrated, drawn));
    add(metrics, kind, value, "ece_calibrated", rows, drawn -> calibrationError(calibrated, drawn));
    add(metrics, kind, value, "length_baseline_accuracy", rows, this::lengthAccuracy);
  }

  private void add(
      List<Metric> metrics,
      String kind,
      String value,
      String name,
      int[] rows,
      java.util.function.ToDoubleFunction<int[]> statistic) {
    Bootstrap interval =
        Bootstrap.of(
            rows.length,
            seed,
            drawn -> statistic.applyAsDouble(Arrays.stream(drawn).map(i -> rows[i]).toArray()));
    metrics.add(
        new Metric(
            kind,
            value,
            name,
            statistic.applyAsDouble(rows),
            interval.low(),
            interval.high(),
            rows.length));
  }

  private static double won(double difference) {
    return difference > 0 ? 1 : difference == 0 ? 0.5 : 0;
  }

  private double accuracy(int[] rows) {
    return Arrays.stream(rows).mapToDouble(i -> won(gaps[i])).average().orElseThrow();
  }

  private static double logLoss(double[] probabilities, int[] rows) {
    return Arrays.stream(rows)
        .mapToDouble(i -> -Math.log(Math.max(1e-12, probabilities[i])))
        .average()
        .orElseThrow();
  }

  private double lengthAccuracy(int[] rows) {
    return Arrays.stream(rows)
        .mapToDouble(i -> won(pairs.get(i).chosen().length() - pairs.get(i).rejected().length()))
        .average()
        .orElseThrow();
  }

  /** Confidence lies in 0.5..1; its bins share that range evenly. */
  private static int bin(double probability) {
    double confidence = Math.max(probability, 1 - probability);
    return Math.min(BINS - 1, (int) ((confidence - 0.5) * 2 * BINS));
  }

  private double calibrationError(double[] probabilities, int[] rows) {
    double[][] bins = bins(probabilities, rows);
    double error = 0;
    for (double[] bin : bins) {
      error += Math.abs(bin[1] - bin[2]) / rows.length;
    }
    return error;
  }

  /** Per bin: pairs, sum of confidence, sum of right answers. */
  private double[][] bins(double[] probabilities, int[] rows) {
    double[][] bins = new double[BINS][3];
    for (int i : rows) {
      double[] bin = bins[bin(probabilities[i])];
      bin[0]++;
      bin[1] += Math.max(probabilities[i], 1 - probabilities[i]);
      bin[2] += won(gaps[i]);
    }
    return bins;
  }

  private void reliability(List<Metric> metrics, String kind, double[] probabilities, int[] all) {
    double[][] bins = bins(probabilities, all);
    for (int b = 0; b < BINS; b++) {
      if (bins[b][0] > 0) {
        String range =
            String.format(
                Locale.ROOT, "%.2f-%.2f", 0.5 + 0.5 * b / BINS, 0.5 + 0.5 * (b + 1) / BINS);
        long n = (long) bins[b][0];
        metrics.add(new Metric(kind, range, "mean_confidence", bins[b][1] / n, null, null, n));
        metrics.add(new Metric(kind, range, "accuracy", bins[b][2] / n, null, null, n));
      }
    }
  }
}
