package io.lakeloop.jobs.preferences;

import static io.lakeloop.table.PreferencesTables.PREFERENCES;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.Problems;
import io.lakeloop.feedback.PreferenceBuilder;
import io.lakeloop.feedback.PreferenceImport;
import io.lakeloop.feedback.Quarantine;
import io.lakeloop.feedback.Snapshots;
import io.lakeloop.feedback.SourceFiles;
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
    HH
  }

  public record Config(
      String path,
      Format format,
      double testShare,
      String intendedUse,
      double maxQuarantinedShare) {
    public Config {
      Problems.in("import-preferences")
          .require(
              !path.isBlank(), "path is empty: name a file, folder or glob with --set path=...")
          .require(
              testShare > 0 && testShare < 1,
              "test-share must lie between 0 and 1, got %s",
              testShare)
          .require(!intendedUse.isBlank(), "intended-use is empty")
          .require(
              maxQuarantinedShare >= 0 && maxQuarantinedShare <= 1,
              "max-quarantined-share must lie in 0..1, got %s",
              maxQuarantinedShare)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    SourceFiles files = SourceFiles.find(context.spark(), context.path(config.path()));
    files.files().forEach(file -> context.readFile(file, null));
    Dataset<Row> read = PreferenceImport.read(files).persist(StorageLevel.MEMORY_AND_DISK());

    Dataset<Row> pairs =
        Quarantine.split(context, PREFERENCES, read, config.maxQuarantinedShare())
            .dropDuplicates("item_id")
            .select(
                col("item_id"),
                col("prompt"),
                col("chosen"),
                col("rejected"),
                lit(1.0).as("p_chosen"),
                lit(1.0).as("weight"),
                lit(0.0).as("margin"),
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
