package io.lakeloop.jobs.feedback;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.FeedbackTables.INTERACTIONS_RAW;
import static io.lakeloop.table.FeedbackTables.QUARANTINE;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Duplicates;
import io.lakeloop.feedback.InteractionCleaner;
import io.lakeloop.feedback.Quarantine;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.SecretFile;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Turns the raw records that no other run has cleaned into interactions. */
public final class CleanLogsJob implements Job<CleanLogsJob.Config> {

  public record Config(
      String subjectKeyFile, boolean createSubjectKey, double maxQuarantinedShare) {
    public Config {
      Problems.in("clean-logs")
          .require(!subjectKeyFile.isBlank(), "subject-key-file is empty")
          .require(
              maxQuarantinedShare >= 0 && maxQuarantinedShare <= 1,
              "max-quarantined-share must lie in 0..1, got %s",
              maxQuarantinedShare)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    byte[] subjectKey =
        SecretFile.read(Path.of(context.path(config.subjectKeyFile())), config.createSubjectKey());
    Dataset<Row> known = others(context, INTERACTIONS);
    Dataset<Row> refused =
        others(context, QUARANTINE)
            .where(
                col("table_name").equalTo(INTERACTIONS.name()).and(col("record_id").isNotNull()));
    Dataset<Row> raw =
        context
            .tables()
            .read(INTERACTIONS_RAW)
            .join(known.select("record_id"), "record_id", "left_anti")
            .join(refused.select("record_id"), "record_id", "left_anti");

    Dataset<Row> cleaned =
        new InteractionCleaner(subjectKey).clean(raw).persist(StorageLevel.MEMORY_AND_DISK());
    Dataset<Row> accepted =
        Quarantine.split(context, INTERACTIONS, cleaned, config.maxQuarantinedShare());

    context
        .tables()
        .replace(
            INTERACTIONS,
            Duplicates.mark(accepted, known).withColumn("run_id", lit(context.runId())));
    cleaned.unpersist();
  }

  /** Rows of other runs: what this run wrote in an earlier attempt is written again. */
  private static Dataset<Row> others(JobContext context, io.lakeloop.table.Table table) {
    return context.tables().readOrEmpty(table).where(col("run_id").notEqual(lit(context.runId())));
  }
}
