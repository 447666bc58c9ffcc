package io.lakeloop.jobs.feedback;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.FeedbackTables.INTERACTIONS_RAW;
import static io.lakeloop.table.FeedbackTables.QUARANTINE;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Quarantine;
import io.lakeloop.feedback.duplicates.Duplicates;
import io.lakeloop.feedback.logs.LogCleaner;
import io.lakeloop.feedback.logs.NameRecognisers;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.text.QualityRules;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Turns the raw records that no other run has cleaned into interactions. */
public final class CleanLogsJob implements Job<CleanLogsJob.Config> {

  public record Config(
      String subjectKeyFile,
      boolean createSubjectKey,
      PersonalDataFinder.Settings personalData,
      String nameModel,
      String nameModelSha256,
      QualityRules.Settings quality,
      List<String> drop,
      Duplicates.Settings duplicates,
      double maxQuarantinedShare) {
    public Config {
      Problems.in("clean-logs")
          .require(!subjectKeyFile.isBlank(), "subject-key-file is empty")
          .require(
              QualityRules.CODES.containsAll(drop),
              "drop names the quality rules %s, of which there are only %s",
              drop,
              QualityRules.CODES)
          .require(
              nameModel.isBlank() || nameModelSha256.matches("[0-9a-f]{64}"),
              "name-model-sha256 must be the SHA-256 of model.pt in %s: what is run is pinned",
              nameModel)
          .require(
              maxQuarantinedShare >= 0 && maxQuarantinedShare <= 1,
              "max-quarantined-share must lie in 0..1, got %s",
              maxQuarantinedShare)
          .throwIfAny();
    }
  }

  @Override
  public Access access() {
    return Access.TAKES_IN;
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    byte[] subjectKey =
        context.secret("subject-key-file", config.subjectKeyFile(), config.createSubjectKey());
    Dataset<Row> known =
        context.tables().readOrEmpty(INTERACTIONS).where(col("run_id").notEqual(context.runId()));
    // What another run took while this one was stopped is taken.
    Dataset<Row> taken = context.tables().ofOthersNow(INTERACTIONS);
    Dataset<Row> refused =
        context
            .tables()
            .ofOthersNow(QUARANTINE)
            .where(
                col("table_name").equalTo(INTERACTIONS.name()).and(col("record_id").isNotNull()));
    Dataset<Row> raw =
        context
            .tables()
            .read(INTERACTIONS_RAW)
            .join(taken.select("record_id"), "record_id", "left_anti")
            .join(refused.select("record_id"), "record_id", "left_anti");

    LogCleaner cleaner =
        new LogCleaner(
            new LogCleaner.Settings(
                subjectKey,
                config.personalData(),
                NameRecognisers.of(context.path(config.nameModel()), config.nameModelSha256()),
                config.quality(),
                config.drop(),
                config.duplicates()));
    if (config.nameModel().isBlank()) {
      context.say("names and addresses are not covered: name-model is not set");
    }
    try (LogCleaner.Cleaned cleaned = cleaner.clean(raw)) {
      Quarantine.Split split =
          Quarantine.split(context, INTERACTIONS, cleaned.rows(), config.maxQuarantinedShare());

      split.requireWritten(
          context
              .tables()
              .replace(
                  INTERACTIONS,
                  Duplicates.mark(split.accepted(), known, config.duplicates())
                      .withColumn("run_id", lit(context.runId()))));
    }
  }
}
