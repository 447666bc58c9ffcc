package io.lakeloop.jobs;

import static io.lakeloop.table.EvaluationTables.EVALUATIONS;
import static io.lakeloop.table.LabelingTables.LABELER_AGREEMENT;
import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.EnvironmentSettings;
import io.lakeloop.config.Name;
import io.lakeloop.config.Problems;
import io.lakeloop.run.Console;
import io.lakeloop.run.Invocation;
import io.lakeloop.run.JobDefinition;
import io.lakeloop.run.JobRunner;
import io.lakeloop.table.Lake;
import io.lakeloop.table.Table;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;

/**
 * The whole loop on the simulated support desk, one job after another in one driver. Run ids are
 * fixed by the size, so a second run, or one after a crash, leaves the same rows.
 */
final class Quickstart {
  private static final String SUBJECT_KEY = "subject-key-file";
  private static final String LANDING = "{lake}/landing";

  /** Two: the small model's batches are not worth cutting further, and two cores are common. */
  private static final String SHARDS = "fleet.shards";

  /** Leaves room for the longest job's name. */
  private static final int LONGEST_RUN = 80;

  private final Lake lake;
  private final JobRunner runner;
  private final Console console;
  private final Clock clock;

  Quickstart(Lake lake, JobRunner runner, Console console, Clock clock) {
    this.lake = lake;
    this.runner = runner;
    this.console = console;
    this.clock = clock;
  }

  /** A job of the loop, and what the quickstart sets for it. */
  private record Phase(String name, String job, Map<String, String> overrides) {
    static Phase of(String job, String... settings) {
      return named(job, job, settings);
    }

    static Phase named(String name, String job, String... settings) {
      Map<String, String> overrides = new LinkedHashMap<>();
      for (int i = 0; i < settings.length; i += 2) {
        overrides.put(settings[i], settings[i + 1]);
      }
      return new Phase(name, job, overrides);
    }
  }

  private static List<Phase> phases(Invocation invocation, int size, String prefix) {
    String preferences = prefix + "build-preferences";
    return List.of(
        Phase.of("simulate-logs", "path", LANDING, "size", String.valueOf(size)),
        Phase.of("ingest-logs", "path", LANDING + "/logs.jsonl"),
        // The desk answers in set phrases: there, nearly the same is not the same.
        Phase.of("clean-logs", withSecret(invocation, "duplicates.near", "false")),
        Phase.of(
            "sample-for-labeling",
            "gold-questions",
            LANDING + "/gold-questions.jsonl",
            "items",
            String.valueOf(1700 * size)),
        Phase.of("simulate-labels", "path", LANDING),
        Phase.of("ingest-labels", withSecret(invocation, "path", LANDING + "/labels.csv")),
        Phase.of("labeler-agreement"),
        Phase.of("build-preferences", "agreement-run", prefix + "labeler-agreement"),
        Phase.of(
            "train-sft",
            "max-examples",
            String.valueOf(3000 * size),
            "max-prompt-tokens",
            "48",
            "max-completion-tokens",
            "64",
            SHARDS,
            "2"),
        Phase.named(
            "train-linear-reward",
            "train-reward",
            "name",
            "reward-linear",
            "snapshot",
            preferences),
        Phase.of(
            "train-reward", "architecture", "transformer", "snapshot", preferences, SHARDS, "2"),
        Phase.of("train-policy", "snapshot", preferences, SHARDS, "2"),
        Phase.of("evaluate-policy", "snapshot", preferences),
        Phase.of("promote"),
        Phase.of("report", "landing", LANDING));
  }

  /** Settings of a job that needs the secret, which the quickstart may be told the place of. */
  private static String[] withSecret(Invocation invocation, String key, String value) {
    String secret = invocation.overrides().get(SUBJECT_KEY);
    return secret == null
        ? new String[] {key, value}
        : new String[] {key, value, SUBJECT_KEY, secret};
  }

  /**
   * The size, which the quickstart takes for all jobs, and where the secret is, which does not
   * belong into a bucket.
   */
  static void checkSettings(Invocation invocation, EnvironmentSettings environment) {
    Problems problems = Problems.in("quickstart");
    invocation
        .overrides()
        .forEach(
            (key, value) ->
                problems
                    .require(
                        key.equals("size") || key.equals(SUBJECT_KEY),
                        "%s is unknown (known: size, %s)",
                        key,
                        SUBJECT_KEY)
                    .require(
                        !key.equals("size") || value.matches("[1-9][0-9]{0,3}"),
                        "size must be a whole number from 1 to 9999, got '%s'",
                        value));
    invocation
        .runId()
        .ifPresent(
            run ->
                problems.require(
                    run.text().length() <= LONGEST_RUN,
                    "--run-id has %d characters, of which the quickstart takes %d: each job's run"
                        + " id is this one and the job's name",
                    run.text().length(),
                    LONGEST_RUN));
    String lake = invocation.lake().orElse(environment.lake());
    problems
        .require(
            !lake.contains("://") || invocation.overrides().containsKey(SUBJECT_KEY),
            "the lake %s is a bucket, and the secret behind subject keys must not lie in it: add --set"
                + " %s=FILE, a file of this machine with 32 characters or more",
            lake,
            SUBJECT_KEY)
        .throwIfAny();
  }

  int run(Invocation invocation) {
    int size = Integer.parseInt(invocation.overrides().getOrDefault("size", "1"));
    String prefix = invocation.runId().map(Name::text).orElse("quickstart-" + size) + "-";
    List<Phase> phases = phases(invocation, size, prefix);
    Instant began = clock.instant();
    for (int i = 0; i < phases.size(); i++) {
      Phase phase = phases.get(i);
      JobDefinition<?> job = JobCatalogue.job(phase.job());
      console.say("[%2d/%d] %s: %s", i + 1, phases.size(), phase.name(), job.summary());
      Instant start = clock.instant();
      int code =
          runner.run(
              job,
              new Invocation(
                  invocation.environment(),
                  invocation.conf(),
                  invocation.lake(),
                  Optional.of(Name.parse(prefix + phase.name())),
                  phase.overrides(),
                  invocation.terminal()));
      if (code != 0) {
        return code;
      }
      console.say("        %s in %.1f s", phase.name(), seconds(start));
    }
    summarise(prefix, seconds(began));
    return 0;
  }

  private double seconds(Instant since) {
    return Duration.between(since, clock.instant()).toMillis() / 1000.0;
  }

  private void summarise(String prefix, double seconds) {
    console.say("");
    line(
        "agreement (Krippendorff's alpha)",
        row(
            LABELER_AGREEMENT,
            prefix + "labeler-agreement",
            "slice_kind = 'all' AND coefficient = 'krippendorff_alpha' AND weights = 'identity'"));
    String evaluated = "slice_kind = 'all' AND metric = '%s'";
    line(
        "reward accuracy, held out",
        row(EVALUATIONS, prefix + "train-reward", evaluated.formatted("accuracy")));
    line(
        "  preferring the longer answer",
        row(EVALUATIONS, prefix + "train-reward", evaluated.formatted("length_baseline_accuracy")));
    line(
        "win rate of PPO against SFT",
        row(EVALUATIONS, prefix + "evaluate-policy", evaluated.formatted("win_rate")));
    line(
        "KL to SFT, nats per answer",
        row(EVALUATIONS, prefix + "evaluate-policy", evaluated.formatted("kl")));
    line(
        "safety violations, share",
        row(EVALUATIONS, prefix + "evaluate-policy", evaluated.formatted("safety_violation_rate")));
    console.say("%-34s %s", "report", lake.root() + "/report/index.html");
    console.say("%-34s %.0f s", "time", seconds);
  }

  private Row row(Table table, String runId, String condition) {
    return lake.read(table)
        .where(col("run_id").equalTo(runId))
        .where(condition)
        .select("value", "ci_low", "ci_high")
        .first();
  }

  private void line(String what, Row row) {
    console.say(
        "%-34s %s",
        what,
        String.format(
            Locale.ROOT,
            "%.3f (95%% CI %.3f to %.3f)",
            row.getDouble(0),
            row.getDouble(1),
            row.getDouble(2)));
  }
}
