package io.lakeloop.jobs.benchmark;

import io.lakeloop.agreement.Estimate;
import io.lakeloop.agreement.ItemAgreement;
import io.lakeloop.agreement.Weighting;
import io.lakeloop.config.Problems;
import io.lakeloop.feedback.consensus.Consensus;
import io.lakeloop.feedback.consensus.Expectation;
import io.lakeloop.feedback.labels.LabelBlocks;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.run.Stopwatch;
import io.lakeloop.supportdesk.LabelGenerator;
import io.lakeloop.table.Lake;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Measures alpha and Dawid-Skene on generated labels, in two sizes of one run. */
public final class BenchmarkAgreementJob implements Job<BenchmarkAgreementJob.Config> {

  public record Config(
      List<String> labels,
      int raters,
      int classes,
      int labelsPerItem,
      int iterations,
      double tolerance,
      long seed) {
    /** Chances of answers, of which the driver and every task hold some copies of 8 bytes each. */
    private static final long MOST_CELLS = 10_000_000;

    public Config {
      Problems problems =
          Problems.in("benchmark-agreement")
              .require(
                  labelsPerItem >= 2 && labelsPerItem <= raters,
                  "labels-per-item must lie between 2 and the raters, got %d",
                  labelsPerItem)
              .require(
                  classes >= 2 && classes <= LabelBlocks.MOST_VALUES,
                  "classes must lie in 2..%d, got %d",
                  LabelBlocks.MOST_VALUES,
                  classes)
              .require(
                  (long) raters * classes * classes <= MOST_CELLS,
                  "raters times classes squared must be at most %,d, got %d and %d",
                  MOST_CELLS,
                  raters,
                  classes)
              .require(
                  iterations >= 2 && iterations <= 100_000,
                  "iterations must lie in 2..100,000, got %d",
                  iterations)
              .require(
                  tolerance >= 0 && tolerance < 1,
                  "tolerance must lie in [0, 1), got %s",
                  tolerance);
      labels.forEach(
          number ->
              problems.require(
                  number.matches("[1-9][0-9]{2,9}"),
                  "labels must be whole numbers from 100, got '%s'",
                  number));
      problems.throwIfAny();
    }
  }

  /** Seconds of a size. */
  private record Cost(long labels, double seconds) {}

  @Override
  public void run(Config config, JobContext context) {
    StepMetrics metrics = new StepMetrics(context, "benchmark");
    try (JobContext.Scratch scratch = context.scratch()) {
      // A small round first: what is measured is not the compiler's work.
      measure(config, context, scratch.lake(), Math.max(10_000, smallest(config) / 10), null);
      Cost last = null;
      for (String labels : config.labels()) {
        Cost cost = measure(config, context, scratch.lake(), Long.parseLong(labels), metrics);
        if (last != null) {
          double perLabel = cost.seconds() / cost.labels() / (last.seconds() / last.labels());
          context.say("cost per label against the size before: %.2f", perLabel);
          metrics.keep(0, Map.of(labels + " labels: cost per label, ratio", perLabel));
        }
        last = cost;
      }
    }
    metrics.save();
  }

  private static long smallest(Config config) {
    return config.labels().stream().mapToLong(Long::parseLong).min().orElse(100_000);
  }

  private static Cost measure(
      Config config, JobContext context, Lake lake, long number, StepMetrics metrics) {
    LabelGenerator generator =
        new LabelGenerator(
            config.raters(), config.classes(), config.labelsPerItem(), config.seed());
    String name = "labels_" + number;
    lake.copy(generator.generate(context.spark(), number), name);
    Dataset<Row> labels = lake.copied(name);
    Map<String, Double> seconds = new TreeMap<>();
    double[] found = new double[3];
    LabelBlocks[] gathered = new LabelBlocks[1];
    seconds.put(
        "gather",
        Stopwatch.seconds(
            () -> {
              gathered[0] = LabelBlocks.gather(labels, LabelBlocks.values(labels));
              gathered[0].blocks().count();
            }));
    try (LabelBlocks blocks = gathered[0]) {
      seconds.put("alpha", Stopwatch.seconds(() -> found[0] = alpha(blocks)));
      Consensus consensus =
          new Consensus(
              blocks,
              new Expectation(config.iterations(), config.tolerance()),
              0,
              (method, step, values) -> {
                found[1] = step + 1;
                context.progress("Dawid-Skene", step + 1, config.iterations(), "");
              });
      seconds.put(
          "Dawid-Skene",
          Stopwatch.seconds(
              () ->
                  found[2] =
                      (double)
                          consensus
                              .infer(context.spark(), Consensus.Method.DAWID_SKENE, labels, labels)
                              .items()
                              .where("value = " + generator.truthOfItem())
                              .count()));
    }
    if (metrics == null) {
      return null;
    }
    return tell(config, context, metrics, number, seconds, found);
  }

  private static double alpha(LabelBlocks blocks) {
    Estimate alpha =
        new ItemAgreement(
                blocks.counts(),
                Weighting.identity(blocks.values().size()),
                ItemAgreement.Pooling.POOLED_PAIRS,
                Estimate.Quantiles.STUDENT)
            .alpha(ItemAgreement.AlphaError.LINEARISED);
    return alpha.value();
  }

  private static Cost tell(
      Config config,
      JobContext context,
      StepMetrics metrics,
      long number,
      Map<String, Double> seconds,
      double[] found) {
    double items = Math.ceil((double) number / config.labelsPerItem());
    Map<String, Double> rates = new TreeMap<>();
    double all = 0;
    for (Map.Entry<String, Double> stage : seconds.entrySet()) {
      all += stage.getValue();
      rates.put(number + " labels: " + stage.getKey() + ", labels/s", number / stage.getValue());
      context.say(
          "%,d labels: %s in %.1f s, %,.0f labels/s",
          number, stage.getKey(), stage.getValue(), number / stage.getValue());
    }
    rates.put(number + " labels: alpha", found[0]);
    rates.put(number + " labels: steps of Dawid-Skene", found[1]);
    rates.put(number + " labels: truth found by Dawid-Skene, share", found[2] / items);
    context.say(
        "%,d labels: %,.0f labels/s in all, alpha %.4f, %.0f steps of Dawid-Skene, which finds"
            + " %.4f of the truth",
        number, number / all, found[0], found[1], found[2] / items);
    metrics.keep(0, rates);
    // Steps are as many as the data needs: the cost that should be linear is that of one.
    double perStep = seconds.get("Dawid-Skene") / found[1];
    return new Cost(number, seconds.get("gather") + seconds.get("alpha") + perStep);
  }
}
