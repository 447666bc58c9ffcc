package io.lakeloop.jobs.feedback;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.retention.Retention;
import io.lakeloop.feedback.retention.SubjectRequests;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.UnfinishedRuns.Unfinished;
import io.lakeloop.table.RetentionTables;
import io.lakeloop.table.Table;
import java.util.List;
import java.util.Map;

/** Deletes what is too old and what people asked to have deleted, and says what was made of it. */
public final class EnforceRetentionJob implements Job<EnforceRetentionJob.Config> {

  private static final double DELTAS_LIMIT = 168;

  public record Config(
      Map<String, String> keepDays, String requests, String subjectKeyFile, double vacuumHours) {
    public Config {
      List<String> known = RetentionTables.TIMES.keySet().stream().map(Table::name).toList();
      Problems problems =
          Problems.in("enforce-retention")
              .require(!subjectKeyFile.isBlank(), "subject-key-file is empty")
              .require(vacuumHours >= 0, "vacuum-hours must not be negative, got %s", vacuumHours);
      keepDays.forEach(
          (table, days) ->
              problems
                  .require(
                      known.contains(table),
                      "keep-days: %s has no retention limit, tables are %s",
                      table,
                      known)
                  .require(
                      days.matches("[1-9][0-9]{0,5}"),
                      "keep-days.%s must be a whole number of days from 1, got '%s'",
                      table,
                      days));
      problems.throwIfAny();
    }
  }

  @Override
  public Access access() {
    return Access.DELETES;
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    Retention retention = new Retention(context);
    if (!retention.isPublished()) {
      if (!config.requests().isBlank()) {
        byte[] secret = context.secret("subject-key-file", config.subjectKeyFile(), false);
        SourceFiles files = SourceFiles.find(context, config.requests());
        retention.forget(SubjectRequests.read(context.spark(), files, secret), secret);
      }
      RetentionTables.TIMES
          .keySet()
          .forEach(
              table -> {
                String days = config.keepDays().get(table.name());
                if (days != null) {
                  retention.expire(table, Integer.parseInt(days));
                }
              });
      retention.publish();
    }
    requireNoWriters(config, context);
    retention.vacuum(config.vacuumHours());
  }

  /** Below Delta's own limit files go that a run at work may have written and not yet committed. */
  private static void requireNoWriters(Config config, JobContext context) throws Exception {
    List<Unfinished> others =
        config.vacuumHours() < DELTAS_LIMIT ? context.othersAtWork() : List.of();
    if (!others.isEmpty()) {
      throw new UserError(
          ErrorCode.RUN_IN_PROGRESS,
          "Cannot let go of files younger than %.0f hours: %s is at work and may be writing some."
              + " Rows are deleted; run this again when it has ended, or set vacuum-hours to %.0f.",
          DELTAS_LIMIT,
          others.get(0).runId(),
          DELTAS_LIMIT);
    }
  }
}
