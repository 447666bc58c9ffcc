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
import io.lakeloop.table.Messages;
import io.lakeloop.text.TextCleaner;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Reads preference pairs that were made elsewhere into a snapshot of their own. */
public final class ImportPreferencesJob implements Job<ImportPreferencesJob.Config> {

  /** Forms in which pairs come. */
  public enum Format {
    HH,
    AUTO,
    OPENAI_DPO,
    OASST,
    ULTRAFEEDBACK,
    NECTAR,
    SHP,
    HELPSTEER2,
    HELPSTEER2_PREFERENCE,
    HELPSTEER3,
    PKU_SAFERLHF,
    ALPACA_FARM,
    UNPAIRED,
    TRL,
    LONG_CSV,
    LONG_PARQUET,
    UKP;

    Dataset<Row> read(SourceFiles files, double marginPerScore, TextCleaner.Settings cleaning) {
      return switch (this) {
        case LONG_CSV -> PairReader.csv(files, cleaning);
        case LONG_PARQUET -> PairReader.parquet(files, cleaning);
        case UKP -> ConvincingArguments.read(files, cleaning);
        default ->
            PairReader.json(
                files,
                new PairReader.Reading(
                    this == AUTO ? null : PairFormat.valueOf(name()), marginPerScore, cleaning));
      };
    }
  }

  public record Config(
      String path,
      Format format,
      double marginPerScore,
      double testShare,
      String intendedUse,
      boolean sourceIsClean,
      double maxQuarantinedShare) {
    public Config {
      SourceFiles.checked(Problems.in("import-preferences"), path, maxQuarantinedShare)
          .require(
              testShare > 0 && testShare < 1,
              "test-share must lie between 0 and 1, got %s",
              testShare)
          .require(
              marginPerScore >= 0 && marginPerScore <= 1000,
              "margin-per-score must lie in 0..1000, got %s",
              marginPerScore)
          .require(!intendedUse.isBlank(), "intended-use is empty")
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    SourceFiles found = SourceFiles.find(context, config.path());
    SourceFiles files = config.format() == Format.UKP ? ConvincingArguments.files(found) : found;
    TextCleaner.Settings cleaning = new TextCleaner.Settings(config.sourceIsClean(), null);
    Dataset<Row> read =
        Repeats.mark(
                config.format().read(files, config.marginPerScore(), cleaning),
                "item_id",
                "CONFLICTING_PAIR",
                "p_chosen",
                "weight",
                "margin",
                "product")
            .persist(StorageLevel.MEMORY_AND_DISK());

    Intake intake =
        Intake.of(context, PREFERENCES, files, read, config.maxQuarantinedShare())
            .requireAccepted();
    Dataset<Row> pairs =
        intake
            .accepted()
            .select(
                col("item_id"),
                col("messages"),
                col("prompt"),
                col("chosen"),
                col("rejected"),
                col("p_chosen"),
                col("weight"),
                col("margin"),
                col("product"),
                PreferenceBuilder.split(
                        Messages.opening(col("messages"), col("prompt")), config.testShare())
                    .as("split"),
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
                cleaning.status(),
                config.intendedUse())));
    read.unpersist();
  }
}
