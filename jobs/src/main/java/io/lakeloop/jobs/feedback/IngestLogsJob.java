package io.lakeloop.jobs.feedback;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS_RAW;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.LogIngest;
import io.lakeloop.feedback.Quarantine;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Reads log files line by line into interactions_raw; what is no record goes to quarantine. */
public final class IngestLogsJob implements Job<IngestLogsJob.Config> {

  public record Config(String path, String sourceSystem, double maxQuarantinedShare) {
    public Config {
      Problems.in("ingest-logs")
          .require(
              !path.isBlank(), "path is empty: name a file, folder or glob with --set path=...")
          .require(!sourceSystem.isBlank(), "source-system is empty")
          .require(
              maxQuarantinedShare >= 0 && maxQuarantinedShare <= 1,
              "max-quarantined-share must lie in 0..1, got %s",
              maxQuarantinedShare)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    SourceFiles files = SourceFiles.find(context.spark(), context.path(config.path()));
    files.files().forEach(file -> context.readFile(file, null));
    Dataset<Row> lines =
        LogIngest.read(files, context.runId()).persist(StorageLevel.MEMORY_AND_DISK());

    Dataset<Row> records =
        Quarantine.split(context, INTERACTIONS_RAW, lines, config.maxQuarantinedShare());

    context
        .tables()
        .replace(
            INTERACTIONS_RAW,
            records
                .withColumn("run_id", lit(context.runId()))
                .withColumn("source_system", lit(config.sourceSystem()))
                .withColumn("received_at", lit(context.startedAt())));
    lines.unpersist();
  }
}
