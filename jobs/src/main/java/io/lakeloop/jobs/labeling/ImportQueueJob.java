package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Quarantine;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.labels.QueueReader;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
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

  public record Config(String path, Format format, double maxQuarantinedShare) {
    public Config {
      SourceFiles.checked(Problems.in("import-queue"), path, maxQuarantinedShare).throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    SourceFiles files = SourceFiles.find(context, config.path());
    Dataset<Row> read =
        (config.format() == Format.UKP
                ? QueueReader.convincingArguments(context.spark(), files)
                : QueueReader.json(files))
            .persist(StorageLevel.MEMORY_AND_DISK());

    Dataset<Row> items =
        Quarantine.split(context, LABELING_QUEUE, read, config.maxQuarantinedShare());

    context
        .tables()
        .replace(
            LABELING_QUEUE,
            items
                .dropDuplicates("item_id")
                .select(
                    "item_id", "prompt", "completion_a", "completion_b", "product", "gold_value")
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
                .withColumn("created_at", lit(context.startedAt())));
    read.unpersist();
  }
}
