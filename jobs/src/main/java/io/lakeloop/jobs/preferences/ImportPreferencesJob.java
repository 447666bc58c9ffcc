package io.lakeloop.jobs.preferences;

import static io.lakeloop.table.PreferencesTables.PREFERENCES;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.Intake;
import io.lakeloop.feedback.Preview;
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
    PARQUET,
    UKP;

    Dataset<Row> read(SourceFiles files, double marginPerScore, TextCleaner.Settings cleaning) {
      PairFormat format = PairFormat.labels().contains(name()) ? PairFormat.valueOf(name()) : null;
      PairReader.Reading reading = new PairReader.Reading(format, marginPerScore, cleaning);
      return switch (this) {
        case LONG_CSV -> PairReader.csv(files, cleaning);
        case LONG_PARQUET -> PairReader.parquet(files, PairReader.REQUIRED, reading);
        case PARQUET -> PairReader.parquet(files, List.of(), reading);
        case UKP -> ConvincingArguments.read(files, cleaning);
        default -> PairReader.json(files, reading);
      };
    }

    /** What files are by their names, where nothing else is said. */
    Format of(SourceFiles files) {
      if (this != AUTO) {
        return this;
      } else if (files.areAll("csv")) {
        return LONG_CSV;
      }
      return files.areAll("parquet") ? PARQUET : AUTO;
    }
  }

  public record Config(
      String path,
      Format format,
      double marginPerScore,
      double testShare,
      String intendedUse,
      boolean sourceIsClean,
      int preview,
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
          .require(preview >= 0 && preview <= 1000, "preview must lie in 0..1000, got %d", preview)
          .require(!intendedUse.isBlank(), "intended-use is empty")
          .throwIfAny();
    }
  }

  @Override
  public boolean isPreview(Config config) {
    return config.preview() > 0;
  }

  private static String shown(Row pair) {
    int messages = pair.getList(pair.fieldIndex("messages")).size();
    return "%s%s behind %d messages, %s is preferred to %s, margin %s"
        .formatted(
            pair.getAs("form") == null ? "" : "taken for " + pair.getAs("form") + ", ",
            Preview.quoted(pair.getAs("prompt")),
            messages - 1,
            Preview.quoted(pair.getAs("chosen")),
            Preview.quoted(pair.getAs("rejected")),
            pair.<Double>getAs("margin"));
  }

  private static void tell(JobContext context, Dataset<Row> read) {
    for (Row told :
        read.where("form IS NOT NULL").groupBy("form").count().orderBy("form").collectAsList()) {
      PairFormat form = PairFormat.valueOf(told.getString(0));
      context.say("%,d pairs are taken for %s: %s", told.getLong(1), form.label(), form.sign());
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    SourceFiles found = SourceFiles.find(context, config.path());
    SourceFiles files = config.format() == Format.UKP ? ConvincingArguments.files(found) : found;
    TextCleaner.Settings cleaning = new TextCleaner.Settings(config.sourceIsClean(), null);
    Dataset<Row> records = config.format().of(files).read(files, config.marginPerScore(), cleaning);
    if (isPreview(config)) {
      Preview.say(context, records, config.preview(), ImportPreferencesJob::shown);
      return;
    }
    Dataset<Row> read =
        Repeats.mark(
                records, "item_id", "CONFLICTING_PAIR", "p_chosen", "weight", "margin", "product")
            .persist(StorageLevel.MEMORY_AND_DISK());

    Intake intake =
        Intake.of(context, PREFERENCES, files, read, config.maxQuarantinedShare())
            .requireAccepted();
    tell(context, read);
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
