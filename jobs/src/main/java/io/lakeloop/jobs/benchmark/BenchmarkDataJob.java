package io.lakeloop.jobs.benchmark;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.FolderTree;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.duplicates.Duplicates;
import io.lakeloop.feedback.duplicates.PlantedDuplicates;
import io.lakeloop.jobs.feedback.CleanLogsJob;
import io.lakeloop.jobs.feedback.IngestLogsJob;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.run.Stopwatch;
import io.lakeloop.supportdesk.LogSimulator;
import io.lakeloop.table.FeedbackTables;
import io.lakeloop.text.MinHash;
import io.lakeloop.text.QualityRules;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Measures ingest, cleaning and near duplicates beside a plain Delta copy of the same rows, in one
 * run and in a lake of its own that goes when it ends.
 */
public final class BenchmarkDataJob implements Job<BenchmarkDataJob.Config> {
  private static final int CONVERSATIONS = 3600;
  private static final String COPY = "plain Delta copy of the records";
  private static final String COPY_OF_CLEANED = "plain Delta copy of the interactions";

  public record Config(int size, int rounds, List<String> duplicateRows, long seed) {
    public Config {
      Problems problems =
          Problems.in("benchmark-data")
              .require(size >= 1 && size <= 10_000, "size must lie in 1..10000, got %d", size)
              .require(rounds >= 1 && rounds <= 1000, "rounds must lie in 1..1000, got %d", rounds);
      duplicateRows.forEach(
          rows ->
              problems.require(
                  rows.matches("[1-9][0-9]{2,7}"),
                  "duplicate-rows must be whole numbers from 100, got '%s'",
                  rows));
      problems.throwIfAny();
    }
  }

  private final Map<String, List<Double>> ratesByStage = new LinkedHashMap<>();

  @Override
  public void run(Config config, JobContext context) throws IOException {
    ratesByStage.clear();
    Path secrets = Files.createTempDirectory("lakeloop-secrets-");
    StepMetrics metrics = new StepMetrics(context, "benchmark");
    try (JobContext.Scratch scratch = context.scratch()) {
      // A small round first: what is measured is not the compiler's work.
      round(scratch, secrets, generate(scratch, Math.max(1, config.size() / 10), config.seed()));
      ratesByStage.clear();
      Logs logs = generate(scratch, config.size(), config.seed());
      for (int round = 0; round < config.rounds(); round++) {
        round(scratch, secrets, logs);
      }
      tell(context, metrics);
      nearDuplicates(config, context, metrics);
    } finally {
      FolderTree.delete(secrets);
    }
    metrics.save();
  }

  /** Simulated logs in a folder of files. */
  private record Logs(Path folder, long lines) {}

  private void round(JobContext.Scratch scratch, Path secrets, Logs logs) {
    JobContext context = scratch.context();
    timed(
        "ingest-logs",
        logs.lines(),
        () ->
            new IngestLogsJob()
                .run(
                    new IngestLogsJob.Config(
                        logs.folder().toString(),
                        IngestLogsJob.Format.AUTO,
                        Map.of(),
                        "UTC",
                        "benchmark",
                        List.of(),
                        0,
                        0.05),
                    context));
    Dataset<Row> raw = context.tables().read(FeedbackTables.INTERACTIONS_RAW);
    long rows = raw.count();
    timed(COPY, rows, () -> scratch.lake().copy(raw, "interactions_raw"));
    timed("clean-logs, exact duplicates only", rows, () -> clean(context, secrets, false));
    timed("clean-logs, everything on", rows, () -> clean(context, secrets, true));
    Dataset<Row> cleaned = context.tables().read(FeedbackTables.INTERACTIONS);
    long turns = cleaned.count();
    timed(COPY_OF_CLEANED, turns, () -> scratch.lake().copy(cleaned, "interactions"));
    context.say("%,d lines, %,d records, %,d interactions", logs.lines(), rows, turns);
  }

  private static Logs generate(JobContext.Scratch scratch, int size, long seed) {
    JavaSparkContext spark =
        JavaSparkContext.fromSparkContext(scratch.context().spark().sparkContext());
    int parts = spark.defaultParallelism() * 2;
    int conversations = CONVERSATIONS * size;
    if (JobContext.isRemote(scratch.lake().root())) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot measure on the lake %s: logs are generated on this machine. Name a folder with"
              + " --lake.",
          scratch.lake().root());
    }
    Path folder = Path.of(scratch.lake().root(), "logs-" + size);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String to = folder.toString();
    long lines =
        spark
            .parallelize(IntStream.range(0, parts).boxed().toList(), parts)
            .map(
                part ->
                    new LogSimulator(conversations, seed)
                        .writePart(
                            Path.of(to, "logs-%03d.jsonl".formatted(part)),
                            (int) ((long) conversations * part / parts),
                            (int) ((long) conversations * (part + 1) / parts)))
            .reduce(Long::sum);
    return new Logs(folder, lines);
  }

  private static void clean(JobContext context, Path secrets, boolean near) {
    try {
      new CleanLogsJob()
          .run(
              new CleanLogsJob.Config(
                  secrets.resolve("subject-key").toString(),
                  true,
                  PersonalDataFinder.Settings.standard(),
                  "",
                  "",
                  QualityRules.Settings.standard(),
                  List.of(),
                  new Duplicates.Settings(near, MinHash.Unit.CHARACTERS, 5, 0.8),
                  0.05),
              context);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void timed(String stage, long rows, Runnable work) {
    double seconds = Stopwatch.seconds(work);
    ratesByStage.computeIfAbsent(stage, any -> new ArrayList<>()).add(rows / seconds);
  }

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }

  private void tell(JobContext context, StepMetrics metrics) {
    double records = median(ratesByStage.get(COPY));
    double interactions = median(ratesByStage.get(COPY_OF_CLEANED));
    context.say(
        "%-38s %10s %15s %20s", "stage", "rows/s", "/ records' copy", "/ interactions' copy");
    ratesByStage.forEach(
        (stage, rates) -> {
          double rate = median(rates);
          context.say(
              "%-38s %,10.0f %15.2f %20.2f", stage, rate, rate / records, rate / interactions);
          metrics.keep(
              0,
              Map.of(
                  stage + ": rows/s",
                  rate,
                  stage + ": share of a copy of the records",
                  rate / records,
                  stage + ": share of a copy of the interactions",
                  rate / interactions));
        });
  }

  private static void nearDuplicates(Config config, JobContext context, StepMetrics metrics) {
    context.say(
        "%-38s %10s %15s %10s %9s", "near duplicates", "rows/s", "seconds", "recall", "precision");
    Duplicates.Settings settings = new Duplicates.Settings(true, MinHash.Unit.CHARACTERS, 5, 0.8);
    PlantedDuplicates.make(context.spark(), 2000, config.seed()).find(settings);
    for (String rows : config.duplicateRows()) {
      PlantedDuplicates planted =
          PlantedDuplicates.make(context.spark(), Integer.parseInt(rows), config.seed());
      PlantedDuplicates.Result[] result = new PlantedDuplicates.Result[1];
      double seconds = Stopwatch.seconds(() -> result[0] = planted.find(settings));
      double rate = Integer.parseInt(rows) / seconds;
      context.say(
          "%-38s %,10.0f %15.2f %10.4f %9.4f",
          rows + " texts", rate, seconds, result[0].recall(), result[0].precision());
      metrics.keep(0, Map.of("near duplicates of " + rows + ": rows/s", rate));
      metrics.keep(0, Map.of("near duplicates of " + rows + ": recall", result[0].recall()));
      metrics.keep(0, Map.of("near duplicates of " + rows + ": precision", result[0].precision()));
      planted.close();
    }
  }
}
