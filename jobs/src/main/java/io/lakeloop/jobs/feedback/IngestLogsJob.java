package io.lakeloop.jobs.feedback;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS_RAW;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Intake;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.logs.LogFormat;
import io.lakeloop.feedback.logs.LogIngest;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Reads log files record by record into interactions_raw; what is none goes to quarantine. */
public final class IngestLogsJob implements Job<IngestLogsJob.Config> {

  /** Form of the records; auto tells each record's by its fields. */
  public enum Format {
    AUTO,
    LAKELOOP,
    OPENAI_CHAT,
    SHAREGPT,
    OASST_TREE,
    OASST_MESSAGES;

    LogFormat logFormat() {
      return this == AUTO ? null : LogFormat.valueOf(name());
    }
  }

  public record Config(
      String path,
      Format format,
      String sourceSystem,
      List<String> consent,
      double maxQuarantinedShare) {
    private static final List<String> USES = List.of("evaluation", "labeling", "training");

    public Config {
      SourceFiles.checked(Problems.in("ingest-logs"), path, maxQuarantinedShare)
          .require(!sourceSystem.isBlank(), "source-system is empty")
          .require(USES.containsAll(consent), "consent must be some of %s, got %s", USES, consent)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    SourceFiles files = SourceFiles.find(context, config.path());
    Dataset<Row> read =
        LogIngest.read(files, context.runId(), config.format().logFormat())
            .persist(StorageLevel.MEMORY_AND_DISK());

    Intake intake = Intake.of(context, INTERACTIONS_RAW, files, read, config.maxQuarantinedShare());

    intake.write(
        intake
            .accepted()
            .withColumn("run_id", lit(context.runId()))
            .withColumn("source_system", lit(context.shown(config.sourceSystem())))
            .withColumn("consent_default", lit(config.consent().toArray(String[]::new)))
            .withColumn("received_at", lit(context.startedAt())));
    read.unpersist();
  }
}
