package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.LabelingTables.LABELS;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.LabelReader;
import io.lakeloop.feedback.Quarantine;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.storage.StorageLevel;

/** Reads raters' answers; an answer that another run has read already is not read again. */
public final class IngestLabelsJob implements Job<IngestLabelsJob.Config> {

  /** Forms in which labels come. */
  public enum Format {
    LONG_CSV
  }

  public record Config(
      String path,
      Format format,
      Map<String, String> columns,
      String question,
      double maxQuarantinedShare) {
    public Config {
      Problems.in("ingest-labels")
          .require(
              !path.isBlank(), "path is empty: name a file, folder or glob with --set path=...")
          .require(!question.isBlank(), "question is empty")
          .require(
              maxQuarantinedShare >= 0 && maxQuarantinedShare <= 1,
              "max-quarantined-share must lie in 0..1, got %s",
              maxQuarantinedShare)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    LabelReader reader = new LabelReader(config.columns(), config.question());
    SourceFiles files = SourceFiles.find(context.spark(), context.path(config.path()));
    files.files().forEach(file -> context.readFile(file, null));
    Dataset<Row> known =
        context
            .tables()
            .readOrEmpty(LABELS)
            .where(col("run_id").notEqual(lit(context.runId())))
            .select("label_id");
    Dataset<Row> read = refuseRepeated(reader.read(files)).persist(StorageLevel.MEMORY_AND_DISK());

    Dataset<Row> labels = Quarantine.split(context, LABELS, read, config.maxQuarantinedShare());

    context
        .tables()
        .replace(
            LABELS,
            labels
                .join(known, "label_id", "left_anti")
                .withColumn("run_id", lit(context.runId()))
                .withColumn("reasons", array().cast("array<string>")));
    read.unpersist();
  }

  /** The same answer by the same rater at the same time counts once within the input, too. */
  private static Dataset<Row> refuseRepeated(Dataset<Row> labels) {
    return labels
        .withColumn(
            "place",
            row_number()
                .over(Window.partitionBy("label_id").orderBy(col("source_file"), col("line"))))
        .withColumn(
            "repeated",
            col("label_id").isNotNull().and(col("place").gt(1)).and(col("reason_code").isNull()))
        .withColumn(
            "reason",
            when(col("repeated"), "the same item, rater, question and time came before")
                .otherwise(col("reason")))
        .withColumn(
            "reason_code", when(col("repeated"), "REPEATED_LABEL").otherwise(col("reason_code")))
        .drop("place", "repeated");
  }
}
