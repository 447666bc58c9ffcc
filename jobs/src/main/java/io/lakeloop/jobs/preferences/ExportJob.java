package io.lakeloop.jobs.preferences;

import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static io.lakeloop.table.LabelingTables.LABELS;
import static io.lakeloop.table.PreferencesTables.PREFERENCES;
import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.NameOrNone;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.pairs.PairWriter;
import io.lakeloop.feedback.preferences.Snapshots;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.table.Messages;
import java.util.Iterator;
import java.util.Locale;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Writes what the loop made in the forms of other tools. */
public final class ExportJob implements Job<ExportJob.Config> {

  /** Forms, and what each is of. */
  public enum Format {
    /** Pairs of a snapshot. */
    TRL(PairWriter::trl),
    /** Pairs of a snapshot. */
    OPENAI_DPO(PairWriter::openAiDpo),
    /** Pairs of a snapshot. */
    HH(PairWriter::hh),
    /** Items of the labeling queue. */
    LABEL_STUDIO(PairWriter::labelStudio),
    /** A table with all its columns. */
    PARQUET(null);

    private final Function<Row, String> line;

    Format(Function<Row, String> line) {
      this.line = line;
    }
  }

  /** What a Parquet export is of. */
  public enum Contents {
    PREFERENCES,
    LABELS,
    LABELING_QUEUE
  }

  public record Config(
      String path, Format format, Contents dataset, Name snapshot, String split, NameOrNone run) {
    public Config {
      Problems.in("export")
          .require(!path.isBlank(), "path is empty: name a file (parquet: a folder)")
          .require(
              split.matches("all|train|test"), "split must be all, train or test, got '%s'", split)
          .require(
              format == Format.PARQUET
                  || dataset == Contents.PREFERENCES
                  || format == Format.LABEL_STUDIO && dataset == Contents.LABELING_QUEUE,
              "dataset=%s is for format=parquet: trl, openai-dpo and hh hold preferences,"
                  + " label-studio the labeling queue",
              dataset.name().toLowerCase(Locale.ROOT).replace('_', '-'))
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    Dataset<Row> rows = rows(config, context);
    String path = context.path(config.path());
    if (config.format() == Format.PARQUET) {
      if (rows.isEmpty()) {
        throw noRow(path);
      }
      context.tables().export(rows, path);
      context.say("%s written to %s", config.dataset(), path);
      return;
    }
    Function<Row, String> line =
        config.format() == Format.TRL && !rows.where(Messages.hasHistory()).isEmpty()
            ? PairWriter::conversationalTrl
            : config.format().line;
    Iterator<Row> all = rows.toLocalIterator();
    boolean array = config.format() == Format.LABEL_STUDIO;
    Stream<String> lines =
        StreamSupport.stream(Spliterators.spliteratorUnknownSize(all, 0), false).map(line);
    long written = context.tables().exportLines(lines.iterator(), path, array);
    if (written == 0) {
      throw noRow(path);
    }
    context.say("%,d records written to %s", written, path);
  }

  private static UserError noRow(String path) {
    return new UserError(
        ErrorCode.DATA_EMPTY,
        "Cannot export to %s: there is no row. Name another snapshot, split or run.",
        path);
  }

  private static Dataset<Row> rows(Config config, JobContext context) {
    if (config.format() == Format.LABEL_STUDIO
        || config.format() == Format.PARQUET && config.dataset() == Contents.LABELING_QUEUE) {
      return ofRun(context.tables().read(LABELING_QUEUE), config).orderBy("run_id", "item_id");
    }
    if (config.format() == Format.PARQUET && config.dataset() == Contents.LABELS) {
      return ofRun(context.tables().read(LABELS), config);
    }
    String snapshot = Snapshots.resolve(context, config.snapshot());
    Dataset<Row> pairs = context.tables().slice(PREFERENCES, snapshot);
    return (config.split().equals("all")
            ? pairs
            : pairs.where(col("split").equalTo(config.split())))
        .orderBy("item_id");
  }

  private static Dataset<Row> ofRun(Dataset<Row> rows, Config config) {
    return config
        .run()
        .name()
        .map(run -> rows.where(col("run_id").equalTo(run.text())))
        .orElse(rows);
  }
}
