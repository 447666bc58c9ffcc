package io.lakeloop.jobs.benchmark;

import io.lakeloop.config.Problems;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.policy.TrainingBenchmark;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.session.ModelLoader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Measures where the time of a PPO step goes, and what it would be on many executors. */
public final class BenchmarkTrainingJob implements Job<BenchmarkTrainingJob.Config> {
  private static final List<String> PHASES =
      List.of(
          "generation",
          "scoring",
          "policy",
          "reference",
          "forward-backward",
          "reduce",
          "optimizer",
          "publish",
          "commit");
  private static final int[] EXECUTORS = {1, 8, 64, 512};

  /** Generation, scoring, both evaluations, and two updates. */
  private static final int JOBS_PER_STEP = 6;

  public record Config(
      int vocabSize,
      List<String> hiddenSizes,
      int layers,
      int promptTokens,
      int completionTokens,
      int promptsPerStep,
      int steps,
      double networkGigabits) {
    public Config {
      Problems.in("benchmark-training")
          .require(
              vocabSize >= 300 && vocabSize <= 65_536,
              "vocab-size must lie in 300..65536, got %d",
              vocabSize)
          .require(
              !hiddenSizes.isEmpty()
                  && hiddenSizes.stream()
                      .allMatch(
                          size ->
                              size.matches("[1-9][0-9]{1,3}") && Integer.parseInt(size) % 64 == 0),
              "hidden-sizes must be multiples of 64 up to 9984, got %s",
              hiddenSizes)
          .require(layers >= 1 && layers <= 1000, "layers must lie in 1..1000, got %d", layers)
          .require(
              promptTokens >= 1 && promptTokens <= 100_000,
              "prompt-tokens must lie in 1..100000, got %d",
              promptTokens)
          .require(
              completionTokens >= 2 && completionTokens <= 100_000,
              "completion-tokens must lie in 2..100000, got %d",
              completionTokens)
          .require(
              promptsPerStep >= 4 && promptsPerStep <= 1_000_000,
              "prompts-per-step must lie in 4..1000000, got %d",
              promptsPerStep)
          .require(steps >= 1 && steps <= 10_000, "steps must lie in 1..10000, got %d", steps)
          .require(
              networkGigabits > 0 && networkGigabits <= 1e6,
              "network-gigabits must be positive and at most 1000000, got %s",
              networkGigabits)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    List<TrainingBenchmark.Result> results = new ArrayList<>();
    try (ModelLoader models = ModelLoader.forRun(context, Precision.FLOAT32)) {
      header(context);
      new TrainingBenchmark(
              context,
              new TrainingBenchmark.Shape(
                  config.vocabSize(),
                  config.layers(),
                  config.promptTokens(),
                  config.completionTokens(),
                  config.promptsPerStep()),
              config.steps())
          .run(
              config.hiddenSizes().stream().map(Integer::valueOf).toList(),
              models,
              result -> {
                results.add(result);
                line(context, result);
              });
      TrainingBenchmark.Launch launch = TrainingBenchmark.launch(context, models);
      List<TrainingBenchmark.Scaling> scalings =
          results.stream()
              .filter(result -> result.executors() == 1)
              .map(
                  result ->
                      new TrainingBenchmark.Scaling(
                          result, launch, JOBS_PER_STEP, config.networkGigabits() * 1e9 / 8))
              .toList();
      context.say(
          "tables: seconds for one write of %d steps to trajectories and training_metrics, beside the"
              + " training",
          config.steps() + 1);
      scaling(context, config, launch, scalings);
      keep(context, results, scalings);
    }
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static void header(JobContext context) {
    StringBuilder header = new StringBuilder(format("%8s %9s %8s", "MB", "executors", "s/step"));
    PHASES.forEach(phase -> header.append(format(" %16s", phase)));
    context.say("%s %12s %12s", header, "not models", "tables");
  }

  private static void line(JobContext context, TrainingBenchmark.Result result) {
    StringBuilder line =
        new StringBuilder(
            format(
                "%8.2f %9d %8.3f",
                result.payloadBytes() / 1e6, result.executors(), result.stepSeconds()));
    PHASES.forEach(
        phase ->
            line.append(format(" %16.3f", result.seconds().getOrDefault("seconds/" + phase, 0.0))));
    context.say(
        "%s %11.1f%% %12.3f",
        line, 100 * result.otherShare(), result.seconds().get("seconds/tables"));
  }

  private static void scaling(
      JobContext context,
      Config config,
      TrainingBenchmark.Launch launch,
      List<TrainingBenchmark.Scaling> scalings) {
    context.say(
        "computed for E executors, each with %d prompts a step, over a network of %s Gbit/s:",
        config.promptsPerStep(), config.networkGigabits());
    context.say(
        "step(E) = models + %d (%.4f + E %.5f) + optimizer + publish + 2 p ceil(log2 E) / w"
            + " + 2 min(E r p, 2 p / w + r p) + commit + (E - 1) told",
        JOBS_PER_STEP, launch.job(), launch.task());
    context.say(
        "%8s %9s %8s %8s %10s %8s %8s %9s %8s %12s",
        "MB",
        "executors",
        "s/step",
        "models",
        "scheduling",
        "publish",
        "reduce",
        "optimizer",
        "commit",
        "not models");
    for (TrainingBenchmark.Scaling scaling : scalings) {
      for (int executors : EXECUTORS) {
        Map<String, Double> parts = scaling.parts(executors);
        double step = scaling.stepSeconds(executors);
        context.say(
            "%8.2f %9d %8.3f %8.3f %10.3f %8.3f %8.3f %9.3f %8.3f %11.1f%%",
            scaling.one().payloadBytes() / 1e6,
            executors,
            step,
            parts.get("models"),
            parts.get("scheduling"),
            parts.get("publish"),
            parts.get("reduce"),
            parts.get("optimizer"),
            parts.get("commit"),
            100 * (1 - parts.get("models") / step));
      }
    }
  }

  private static void keep(
      JobContext context,
      List<TrainingBenchmark.Result> results,
      List<TrainingBenchmark.Scaling> scalings) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (TrainingBenchmark.Result result : results) {
      String prefix = format("%d bytes, %d executors/", result.payloadBytes(), result.executors());
      result.seconds().forEach((name, value) -> metrics.put(prefix + name, value));
      metrics.put(prefix + "not_model_share", result.otherShare());
    }
    for (TrainingBenchmark.Scaling scaling : scalings) {
      for (int executors : EXECUTORS) {
        metrics.put(
            format(
                "computed/%d bytes, %d executors/seconds/step",
                scaling.one().payloadBytes(), executors),
            scaling.stepSeconds(executors));
      }
    }
    StepMetrics kept = new StepMetrics(context, "benchmark");
    kept.keep(0, metrics);
    kept.append(Integer.MAX_VALUE);
  }
}
