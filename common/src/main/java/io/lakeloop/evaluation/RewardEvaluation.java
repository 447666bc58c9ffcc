package io.lakeloop.evaluation;

import io.lakeloop.algorithm.Bootstrap;
import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.PreferencePair;
import io.lakeloop.reward.RewardModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Measures a reward model on pairs that it was not trained on:
 *
 * <ul>
 *   <li>{@code accuracy}: share of pairs whose chosen answer scores higher, ties half;
 *   <li>{@code log_loss}: mean of -log P(chosen preferred);
 *   <li>{@code ece}: expected calibration error over ten bins of confidence (Guo et al. 2017, <a
 *       href="https://arxiv.org/abs/1706.04599">1706.04599</a>);
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
  private final double[] gaps;
  private final long seed;

  private RewardEvaluation(
      List<PreferencePair> pairs, double[] gaps, double[] probabilities, long seed) {
    this.pairs = pairs;
    this.gaps = gaps;
    this.probabilities = probabilities;
    this.seed = seed;
  }

  /** Told how many pairs have been scored. */
  @FunctionalInterface
  public interface Scored {
    void pairs(int done, int total);
  }

  public static List<Metric> measure(
      RewardModel model, List<PreferencePair> pairs, long seed, Scored scored) {
    double[] gaps = new double[pairs.size()];
    double[] probabilities = new double[pairs.size()];
    for (int from = 0; from < pairs.size(); from += SCORED_AT_ONCE) {
      List<PreferencePair> part =
          pairs.subList(from, Math.min(pairs.size(), from + SCORED_AT_ONCE));
      List<Exchange> exchanges = new ArrayList<>();
      part.forEach(pair -> exchanges.add(pair.chosenExchange()));
      part.forEach(pair -> exchanges.add(pair.rejectedExchange()));
      double[] scores = model.score(exchanges);
      for (int i = 0; i < part.size(); i++) {
        gaps[from + i] = scores[i] - scores[part.size() + i];
        probabilities[from + i] = model.preferenceProbability(gaps[from + i]);
      }
      scored.pairs(from + part.size(), pairs.size());
    }
    return new RewardEvaluation(pairs, gaps, probabilities, seed).metrics();
  }

  private List<Metric> metrics() {
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
    reliability(metrics, all);
    return metrics;
  }

  private int length(int pair) {
    return pairs.get(pair).chosen().length() + pairs.get(pair).rejected().length();
  }

  private void slice(List<Metric> metrics, String kind, String value, int[] rows) {
    add(metrics, kind, value, "accuracy", rows, this::accuracy);
    add(metrics, kind, value, "log_loss", rows, this::logLoss);
    add(metrics, kind, value, "ece", rows, this::calibrationError);
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

  private double logLoss(int[] rows) {
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
  private int bin(int pair) {
    double confidence = Math.max(probabilities[pair], 1 - probabilities[pair]);
    return Math.min(BINS - 1, (int) ((confidence - 0.5) * 2 * BINS));
  }

  private double calibrationError(int[] rows) {
    double[][] bins = bins(rows);
    double error = 0;
    for (double[] bin : bins) {
      error += Math.abs(bin[1] - bin[2]) / rows.length;
    }
    return error;
  }

  /** Per bin: pairs, sum of confidence, sum of right answers. */
  private double[][] bins(int[] rows) {
    double[][] bins = new double[BINS][3];
    for (int i : rows) {
      double[] bin = bins[bin(i)];
      bin[0]++;
      bin[1] += Math.max(probabilities[i], 1 - probabilities[i]);
      bin[2] += won(gaps[i]);
    }
    return bins;
  }

  private void reliability(List<Metric> metrics, int[] all) {
    double[][] bins = bins(all);
    for (int b = 0; b < BINS; b++) {
      if (bins[b][0] > 0) {
        String range =
            String.format(
                Locale.ROOT, "%.2f-%.2f", 0.5 + 0.5 * b / BINS, 0.5 + 0.5 * (b + 1) / BINS);
        long n = (long) bins[b][0];
        metrics.add(
            new Metric("confidence_bin", range, "mean_confidence", bins[b][1] / n, null, null, n));
        metrics.add(new Metric("confidence_bin", range, "accuracy", bins[b][2] / n, null, null, n));
      }
    }
  }
}
