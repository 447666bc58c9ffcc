package io.lakeloop.jobs.preferences;

import static io.lakeloop.table.PreferencesTables.PREFERENCES;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Quarantine;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.pairs.ConvincingArguments;
import io.lakeloop.feedback.pairs.PairFormat;
import io.lakeloop.feedback.pairs.PairReader;
import io.lakeloop.feedback.preferences.PreferenceBuilder;
import io.lakeloop.feedback.preferences.Snapshots;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Reads preference pairs that were made elsewhere into a snapshot of their own. */
public final class ImportPreferencesJob implements Job<ImportPreferencesJob.Config> {

  /** Forms in which pairs come. */
  public enum Format {
    HH,
    TRL,
    OPENAI_DPO,
    OASST,
    LONG_CSV,
    LONG_PARQUET,
    UKP;

    Dataset<Row> read(JobContext context, SourceFiles files) {
      return switch (this) {
        case LONG_CSV -> PairReader.table(context.spark(), files, false);
        case LONG_PARQUET -> PairReader.table(context.spark(), files, true);
        case UKP -> ConvincingArguments.read(context.spark(), files);
        default -> PairReader.json(files, PairFormat.valueOf(name()));
      };
    }
  }

  public record Config(
      String path,
      Format format,
      double testShare,
      String intendedUse,
      double maxQuarantinedShare) {
    public Config {
      SourceFiles.checked(Problems.in("import-preferences"), path, maxQuarantinedShare)
          .require(
              testShare > 0 && testShare < 1,
              "test-share must lie between 0 and 1, got %s",
              testShare)
          .require(!intendedUse.isBlank(), "intended-use is empty")
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    SourceFiles files = SourceFiles.find(context, config.path());
    Dataset<Row> read =
        config.format().read(context, files).persist(StorageLevel.MEMORY_AND_DISK());

    Dataset<Row> accepted =
        Quarantine.split(context, PREFERENCES, read, config.maxQuarantinedShare());
    long repeated = accepted.count() - accepted.select("item_id").distinct().count();
    if (repeated > 0) {
      context.say("%,d pairs say what another says and count once", repeated);
    }
    Dataset<Row> pairs =
        accepted
            .dropDuplicates("item_id")
            .select(
                col("item_id"),
                col("prompt"),
                col("chosen"),
                col("rejected"),
                col("p_chosen"),
                col("weight"),
                col("margin"),
                col("product"),
                PreferenceBuilder.split(col("prompt"), config.testShare()).as("split"),
                lit(1L).as("labels"));

    Snapshots.publish(
        context,
        pairs,
        new Snapshots.Description(
            List.of(), null, null, "as of the source", "as of the source", config.intendedUse()));
    read.unpersist();
  }
}
