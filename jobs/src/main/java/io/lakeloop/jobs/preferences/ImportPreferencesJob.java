package io.lakeloop.jobs.preferences;

import static io.lakeloop.table.PreferencesTables.PREFERENCES;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Intake;
import io.lakeloop.feedback.Repeats;
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

    Dataset<Row> read(SourceFiles files) {
      return switch (this) {
        case LONG_CSV -> PairReader.csv(files);
        case LONG_PARQUET -> PairReader.parquet(files);
        case UKP -> ConvincingArguments.read(files);
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
    SourceFiles found = SourceFiles.find(context, config.path());
    SourceFiles files = config.format() == Format.UKP ? ConvincingArguments.files(found) : found;
    Dataset<Row> read =
        Repeats.mark(
                config.format().read(files),
                "item_id",
                "CONFLICTING_PAIR",
                "p_chosen",
                "weight",
                "margin",
                "product")
            .persist(StorageLevel.MEMORY_AND_DISK());

    Intake intake = Intake.of(context, PREFERENCES, files, read, config.maxQuarantinedShare());
    Dataset<Row> pairs =
        intake
            .accepted()
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

    intake.close(
        Snapshots.publish(
            context,
            pairs,
            new Snapshots.Description(
                List.of(),
                null,
                null,
                "as of the source",
                "as of the source",
                config.intendedUse())));
    read.unpersist();
  }
}
