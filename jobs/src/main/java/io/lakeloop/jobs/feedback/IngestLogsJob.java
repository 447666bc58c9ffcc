package io.lakeloop.jobs.feedback;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS_RAW;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.Intake;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.logs.LogFormat;
import io.lakeloop.feedback.logs.LogIngest;
import io.lakeloop.feedback.logs.LogPreview;
import io.lakeloop.feedback.logs.TableRecords;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Reads log files record by record into interactions_raw; what is none goes to quarantine. */
public final class IngestLogsJob implements Job<IngestLogsJob.Config> {

  /** Form of the records; auto tells each record's by its fields. */
  public enum Format {
    AUTO,
    CSV,
    PARQUET,
    LAKELOOP,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    OPENAI_BATCH,
    ANTHROPIC,
    BEDROCK,
    GEMINI,
    LANGFUSE,
    LANGSMITH,
    OPENTELEMETRY,
    SHAREGPT,
    OASST_TREE,
    OASST_MESSAGES;

    Dataset<Row> read(SourceFiles files, String runId, Map<String, String> columns) {
      return switch (this) {
        case CSV -> LogIngest.csv(files, runId, new TableRecords(columns));
        case PARQUET -> LogIngest.parquet(files, runId, new TableRecords(columns));
        case AUTO -> LogIngest.read(files, runId, null);
        default -> LogIngest.read(files, runId, LogFormat.valueOf(name()));
      };
    }

    /** What files are by their names, where nothing else is said. */
    Format of(SourceFiles files) {
      if (this != AUTO) {
        return this;
      } else if (files.areAll("csv")) {
        return CSV;
      }
      return files.areAll("parquet") ? PARQUET : AUTO;
    }
  }

  public record Config(
      String path,
      Format format,
      Map<String, String> columns,
      String timeZone,
      String sourceSystem,
      List<String> consent,
      int preview,
      double maxQuarantinedShare) {
    private static final List<String> USES = List.of("evaluation", "labeling", "training");

    public Config {
      SourceFiles.checked(Problems.in("ingest-logs"), path, maxQuarantinedShare)
          .require(!sourceSystem.isBlank(), "source-system is empty")
          .require(
              ZoneId.getAvailableZoneIds().contains(timeZone),
              "time-zone must be one as Europe/Berlin or UTC, got '%s'",
              timeZone)
          .require(USES.containsAll(consent), "consent must be some of %s, got %s", USES, consent)
          .require(preview >= 0 && preview <= 1000, "preview must lie in 0..1000, got %d", preview)
          .throwIfAny();
    }
  }

  @Override
  public boolean isPreview(Config config) {
    return config.preview() > 0;
  }

  @Override
  public void run(Config config, JobContext context) {
    SourceFiles files = SourceFiles.find(context, config.path());
    Format format = config.format().of(files);
    if (!config.columns().isEmpty() && format != Format.CSV && format != Format.PARQUET) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot map columns: the files are read as %s. Set format to csv or parquet.",
          format.name().toLowerCase(Locale.ROOT));
    }
    Dataset<Row> records = format.read(files, context.runId(), config.columns());
    if (isPreview(config)) {
      new LogPreview(ZoneId.of(config.timeZone()), context.startedAt())
          .say(context, records, config.preview());
      return;
    }
    Dataset<Row> read = records.persist(StorageLevel.MEMORY_AND_DISK());

    Intake intake = Intake.of(context, INTERACTIONS_RAW, files, read, config.maxQuarantinedShare());
    tell(context, read);

    intake.write(
        intake
            .accepted()
            .withColumn("run_id", lit(context.runId()))
            .withColumn("source_system", lit(context.shown(config.sourceSystem())))
            .withColumn("consent_default", lit(config.consent().toArray(String[]::new)))
            .withColumn("time_zone", lit(config.timeZone()))
            .withColumn("received_at", lit(context.startedAt())));
    read.unpersist();
  }

  private static void tell(JobContext context, Dataset<Row> read) {
    for (Row told :
        read.where("format IS NOT NULL")
            .groupBy("format")
            .count()
            .orderBy("format")
            .collectAsList()) {
      LogFormat format = LogFormat.valueOf(told.getString(0));
      context.say(
          "%,d records are taken for %s: %s", told.getLong(1), format.label(), format.sign());
    }
  }
}
