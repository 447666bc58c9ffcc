package io.lakeloop.jobs.preferences;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.LabelingTables.LABELER_QUALITY;
import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static io.lakeloop.table.LabelingTables.LABELS;
import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.PreferenceBuilder;
import io.lakeloop.feedback.Snapshots;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Turns labels into an immutable snapshot of training pairs that know how sure they are. */
public final class BuildPreferencesJob implements Job<BuildPreferencesJob.Config> {

  public record Config(
      String question,
      String agreementRun,
      double testShare,
      double minProbability,
      String intendedUse) {
    public Config {
      Problems.in("build-preferences")
          .require(!question.isBlank(), "question is empty")
          .require(!agreementRun.isBlank(), "agreement-run is empty")
          .require(
              testShare > 0 && testShare < 1,
              "test-share must lie between 0 and 1, got %s",
              testShare)
          .require(
              minProbability >= 0.5 && minProbability < 1,
              "min-probability must lie in [0.5, 1), got %s",
              minProbability)
          .require(!intendedUse.isBlank(), "intended-use is empty")
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    Dataset<Row> queue = context.tables().read(LABELING_QUEUE).dropDuplicates("item_id");
    Dataset<Row> labels =
        context.tables().read(LABELS).where(col("question").equalTo(config.question()));
    Dataset<Row> quality =
        context
            .tables()
            .slice(LABELER_QUALITY, agreementRun(config, context))
            .where(
                col("question").equalTo(config.question()).and(col("measure").equalTo("quality")));

    Dataset<Row> pairs =
        new PreferenceBuilder(config.testShare(), config.minProbability())
            .build(queue, labels, quality);

    Row times =
        context
            .tables()
            .read(INTERACTIONS)
            .selectExpr("min(created_at)", "max(created_at)")
            .first();
    Snapshots.publish(
        context,
        pairs,
        new Snapshots.Description(
            List.of(LABELING_QUEUE, LABELS, LABELER_QUALITY, INTERACTIONS),
            times.getTimestamp(0),
            times.getTimestamp(1),
            "consent given for training by every subject",
            "pattern-type personal data replaced; names not covered",
            config.intendedUse()));
  }

  private static String agreementRun(Config config, JobContext context) {
    if (!config.agreementRun().equals("latest")) {
      return config.agreementRun();
    }
    List<Row> runs =
        context
            .tables()
            .read(io.lakeloop.table.LedgerTables.RUNS)
            .where("job = 'labeler-agreement' AND status = 'SUCCEEDED'")
            .orderBy(col("started_at").desc(), col("run_id").desc())
            .select("run_id")
            .limit(1)
            .collectAsList();
    if (runs.isEmpty()) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot weigh the raters: no labeler-agreement has succeeded yet. Run it first.");
    }
    return runs.get(0).getString(0);
  }
}
