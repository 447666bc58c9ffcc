package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Intake;
import io.lakeloop.feedback.Repeats;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.labels.QueueReader;
import io.lakeloop.feedback.pairs.ConvincingArguments;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.text.TextCleaner;
import java.io.IOException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Reads items that were put before raters elsewhere into the labeling queue. */
public final class ImportQueueJob implements Job<ImportQueueJob.Config> {

  /** Forms in which items come. */
  public enum Format {
    JSON,
    UKP
  }

  public record Config(
      String path,
      Format format,
      boolean sourceIsClean,
      String subjectKeyFile,
      boolean createSubjectKey,
      double maxQuarantinedShare) {
    public Config {
      SourceFiles.checked(Problems.in("import-queue"), path, maxQuarantinedShare).throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws IOException {
    SourceFiles found = SourceFiles.find(context, config.path());
    SourceFiles files = config.format() == Format.UKP ? ConvincingArguments.files(found) : found;
    TextCleaner.Settings cleaning =
        new TextCleaner.Settings(
            config.sourceIsClean(),
            context.secret("subject-key-file", config.subjectKeyFile(), config.createSubjectKey()));
    Dataset<Row> read =
        Repeats.mark(
                config.format() == Format.UKP
                    ? QueueReader.convincingArguments(files, cleaning)
                    : QueueReader.json(files, cleaning),
                "item_id",
                "CONFLICTING_ITEM",
                "messages",
                "prompt",
                "completion_a",
                "completion_b",
                "product",
                "gold_value")
            .persist(StorageLevel.MEMORY_AND_DISK());

    Intake intake = Intake.of(context, LABELING_QUEUE, files, read, config.maxQuarantinedShare());

    intake.write(
        intake
            .accepted()
            .select(
                "item_id",
                "messages",
                "prompt",
                "completion_a",
                "completion_b",
                "product",
                "gold_value")
            .withColumn("run_id", lit(context.runId()))
            .withColumn("interaction_a", lit(null).cast("string"))
            .withColumn("interaction_b", lit(null).cast("string"))
            .withColumn("stratum", lit("imported"))
            .withColumn("reason", lit("imported"))
            .withColumn("inclusion_probability", lit(1.0))
            .withColumn("priority", lit(1.0))
            .withColumn("is_gold", expr("gold_value IS NOT NULL"))
            .withColumn("is_holdout", lit(false))
            .withColumn("repeat_of", lit(null).cast("string"))
            .withColumn("redaction", lit(cleaning.status()))
            .withColumn("created_at", lit(context.startedAt())));
    read.unpersist();
  }
}
