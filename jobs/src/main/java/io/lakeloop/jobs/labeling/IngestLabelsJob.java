package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.LabelingTables.LABELS;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Intake;
import io.lakeloop.feedback.Preview;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.labels.AnnotationReader;
import io.lakeloop.feedback.labels.AnyLabels;
import io.lakeloop.feedback.labels.LabelBlocks;
import io.lakeloop.feedback.labels.LabelReader;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.text.TextCleaner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
    AUTO,
    LONG_CSV,
    LONG_PARQUET,
    LABEL_STUDIO,
    ARGILLA,
    PRODIGY,
    MTURK;

    /** What files are by their names, where nothing else is said. */
    Format of(SourceFiles files) {
      return this == AUTO && files.areAll("parquet") ? LONG_PARQUET : this;
    }
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
      int preview,
      double maxQuarantinedShare) {
    public Config {
      SourceFiles.checked(Problems.in("ingest-labels"), path, maxQuarantinedShare)
          .require(!question.isBlank(), "question is empty")
          .require(
              columns.isEmpty()
                  || format == Format.AUTO
                  || format == Format.LONG_CSV
                  || format == Format.LONG_PARQUET,
              "columns are for long-csv and long-parquet, not for %s",
              format)
          .require(
              values.size() <= LabelBlocks.MOST_VALUES,
              "values must name at most %d answers, got %d",
              LabelBlocks.MOST_VALUES,
              values.size())
          .require(preview >= 0 && preview <= 1000, "preview must lie in 0..1000, got %d", preview)
          .throwIfAny();
    }
  }

  @Override
  public boolean isPreview(Config config) {
    return config.preview() > 0;
  }

  private static String shown(Row label) {
    return "rater %s says %s of item %s to the question %s"
        .formatted(
            label.getAs("rater_id"),
            Preview.quoted(label.getAs("value")),
            label.getAs("item_id"),
            label.getAs("question"));
  }

  /** Answers that the settings name none of, where they name some: they stay as they came. */
  private static void tellUnnamed(Config config, JobContext context, Dataset<Row> labels) {
    if (config.values().isEmpty()) {
      return;
    }
    List<Object> known = new ArrayList<>(config.values().values());
    List<Row> others =
        labels
            .where(col("reason_code").isNull().and(not(col("value").isin(known.toArray()))))
            .groupBy("value")
            .count()
            .orderBy(col("count").desc(), col("value"))
            .limit(10)
            .collectAsList();
    for (Row other : others) {
      context.say(
          "%,d answers are %s, for which values names nothing: they stay as they came",
          other.getLong(1), Preview.quoted(other.getString(0)));
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
            // A preview makes no file, and shows the pseudonyms of a key of its own.
            isPreview(config)
                ? new byte[32]
                : context.secret(
                    "subject-key-file", config.subjectKeyFile(), config.createSubjectKey()));
    Dataset<Row> named = named(labels(config, files, cleaning), config.values());
    if (isPreview(config)) {
      Preview.say(context, named, config.preview(), IngestLabelsJob::shown);
      return;
    }
    Dataset<Row> read = refuseRepeated(named);
    Dataset<Row> compared = withKnown(read, context).persist(StorageLevel.MEMORY_AND_DISK());

    Intake intake = Intake.of(context, LABELS, files, compared, config.maxQuarantinedShare());

    tellUnnamed(config, context, compared);
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
    AnnotationReader.Tool tool =
        switch (config.format()) {
          case LABEL_STUDIO -> AnnotationReader.Tool.LABEL_STUDIO;
          case ARGILLA -> AnnotationReader.Tool.ARGILLA;
          case PRODIGY -> AnnotationReader.Tool.PRODIGY;
          default -> null;
        };
    return switch (config.format().of(files)) {
      case LONG_CSV -> reader.read(files, LabelReader.Kind.LONG);
      case MTURK -> reader.read(files, LabelReader.Kind.MTURK);
      case LONG_PARQUET -> reader.readParquet(files);
      case AUTO -> AnyLabels.read(files, reader, config.question(), cleaning);
      case LABEL_STUDIO, ARGILLA, PRODIGY ->
          AnnotationReader.read(files, tool, config.question(), cleaning);
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
