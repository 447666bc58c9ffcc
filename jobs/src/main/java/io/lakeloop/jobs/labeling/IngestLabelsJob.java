package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.LabelingTables.LABELS;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Intake;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.labels.AnnotationReader;
import io.lakeloop.feedback.labels.LabelBlocks;
import io.lakeloop.feedback.labels.LabelReader;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.text.TextCleaner;
import java.io.IOException;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.storage.StorageLevel;

/** Reads raters' answers; an answer that another run has read already is not read again. */
public final class IngestLabelsJob implements Job<IngestLabelsJob.Config> {

  /** What a label says, cleaned, for quarantine. */
  private static final Column ANSWER =
      to_json(struct("item_id", "rater_id", "question", "value", "comment", "reasons"));

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
      boolean sourceIsClean,
      String subjectKeyFile,
      boolean createSubjectKey,
      double maxQuarantinedShare) {
    public Config {
      SourceFiles.checked(Problems.in("ingest-labels"), path, maxQuarantinedShare)
          .require(!question.isBlank(), "question is empty")
          .require(
              columns.isEmpty() || format == Format.LONG_CSV || format == Format.LONG_PARQUET,
              "columns are for long-csv and long-parquet, not for %s",
              format)
          .require(
              values.size() <= LabelBlocks.MOST_VALUES,
              "values must name at most %d answers, got %d",
              LabelBlocks.MOST_VALUES,
              values.size())
          .throwIfAny();
    }
  }

  @Override
  public Access access() {
    return Access.TAKES_IN;
  }

  @Override
  public void run(Config config, JobContext context) throws IOException {
    SourceFiles files = SourceFiles.find(context, config.path());
    TextCleaner.Settings cleaning =
        new TextCleaner.Settings(
            config.sourceIsClean(),
            context.secret("subject-key-file", config.subjectKeyFile(), config.createSubjectKey()));
    Dataset<Row> read = refuseRepeated(named(labels(config, files, cleaning), config.values()));
    Dataset<Row> compared = withKnown(read, context).persist(StorageLevel.MEMORY_AND_DISK());

    Intake intake = Intake.of(context, LABELS, files, compared, config.maxQuarantinedShare());

    intake.write(
        intake
            .accepted()
            .withColumn("run_id", lit(context.runId()))
            .withColumn("redaction", lit(cleaning.status())));
    compared.unpersist();
  }

  /**
   * An answer that an earlier run has read counts once; without a time, a change cannot be told.
   */
  private static Dataset<Row> withKnown(Dataset<Row> read, JobContext context) {
    Dataset<Row> known =
        context
            .tables()
            .ofOthersNow(LABELS)
            .select(col("label_id"), col("value").as("known_value"))
            .dropDuplicates("label_id");
    Column sound = col("reason_code").isNull().and(col("known_value").isNotNull());
    Column same = sound.and(col("known_value").equalTo(col("value")));
    Column changed = sound.and(col("known_value").notEqual(col("value")));
    return read.join(known, read.col("label_id").equalTo(known.col("label_id")), "left")
        .drop(known.col("label_id"))
        .withColumn(
            "reason",
            when(
                    changed,
                    "an earlier run has another answer by this rater to this item and question at"
                        + " the same time: give submitted_at, so that the newer one can be told")
                .otherwise(col("reason")))
        .withColumn("payload", when(changed, ANSWER).otherwise(col("payload")))
        .withColumn(
            "reason_code",
            when(changed, "CHANGED_ANSWER")
                .when(same, Refusal.SUPERSEDED)
                .otherwise(col("reason_code")))
        .drop("known_value");
  }

  private static Dataset<Row> labels(
      Config config, SourceFiles files, TextCleaner.Settings cleaning) {
    LabelReader reader = new LabelReader(config.columns(), config.question(), cleaning);
    return switch (config.format()) {
      case LONG_CSV -> reader.read(files);
      case LONG_PARQUET -> reader.readParquet(files);
      case LABEL_STUDIO ->
          AnnotationReader.read(
              files, AnnotationReader.Tool.LABEL_STUDIO, config.question(), cleaning);
      case ARGILLA ->
          AnnotationReader.read(files, AnnotationReader.Tool.ARGILLA, config.question(), cleaning);
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
                .over(
                    Window.partitionBy("label_id")
                        .orderBy(col("source_file"), col("line"), ANSWER)))
        .withColumn(
            "repeated",
            col("label_id").isNotNull().and(col("place").gt(1)).and(col("reason_code").isNull()))
        .withColumn(
            "reason",
            when(col("repeated"), "the same item, rater, question and time came before")
                .otherwise(col("reason")))
        .withColumn("payload", when(col("repeated"), ANSWER).otherwise(col("payload")))
        .withColumn(
            "reason_code", when(col("repeated"), "REPEATED_LABEL").otherwise(col("reason_code")))
        .drop("place", "repeated");
  }
}
