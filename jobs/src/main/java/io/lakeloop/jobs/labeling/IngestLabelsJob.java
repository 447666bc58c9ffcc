package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.LabelingTables.LABELS;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Quarantine;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.labels.AnnotationReader;
import io.lakeloop.feedback.labels.LabelReader;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.storage.StorageLevel;

/** Reads raters' answers; an answer that another run has read already is not read again. */
public final class IngestLabelsJob implements Job<IngestLabelsJob.Config> {

  /** Forms in which labels come. */
  public enum Format {
    LONG_CSV,
    LONG_PARQUET,
    LABEL_STUDIO,
    ARGILLA
  }

  public record Config(
      String path,
      Format format,
      Map<String, String> columns,
      Map<String, String> values,
      String question,
      double maxQuarantinedShare) {
    public Config {
      SourceFiles.checked(Problems.in("ingest-labels"), path, maxQuarantinedShare)
          .require(!question.isBlank(), "question is empty")
          .require(
              columns.isEmpty() || format == Format.LONG_CSV || format == Format.LONG_PARQUET,
              "columns are for long-csv and long-parquet, not for %s",
              format)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    SourceFiles files = SourceFiles.find(context, config.path());
    Dataset<Row> known =
        context
            .tables()
            .readOrEmpty(LABELS)
            .where(col("run_id").notEqual(lit(context.runId())))
            .select("label_id");
    Dataset<Row> read =
        refuseRepeated(named(labels(config, context, files), config.values()))
            .persist(StorageLevel.MEMORY_AND_DISK());

    Dataset<Row> labels = Quarantine.split(context, LABELS, read, config.maxQuarantinedShare());

    context
        .tables()
        .replace(
            LABELS,
            labels.join(known, "label_id", "left_anti").withColumn("run_id", lit(context.runId())));
    read.unpersist();
  }

  private static Dataset<Row> labels(Config config, JobContext context, SourceFiles files) {
    LabelReader reader = new LabelReader(config.columns(), config.question());
    return switch (config.format()) {
      case LONG_CSV -> reader.read(files);
      case LONG_PARQUET -> reader.readParquet(context.spark(), files);
      case LABEL_STUDIO ->
          AnnotationReader.read(files, AnnotationReader.Tool.LABEL_STUDIO, config.question());
      case ARGILLA ->
          AnnotationReader.read(files, AnnotationReader.Tool.ARGILLA, config.question());
    };
  }

  /** Calls the answers as the loop does. */
  private static Dataset<Row> named(Dataset<Row> labels, Map<String, String> values) {
    Column value = col("value");
    for (Map.Entry<String, String> name : values.entrySet()) {
      value = when(col("value").equalTo(name.getKey()), name.getValue()).otherwise(value);
    }
    return labels.withColumn("value", value);
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
