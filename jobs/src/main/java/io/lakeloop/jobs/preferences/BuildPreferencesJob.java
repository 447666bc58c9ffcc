package io.lakeloop.jobs.preferences;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.LabelingTables.ITEM_CONSENSUS;
import static io.lakeloop.table.LabelingTables.LABELER_QUALITY;
import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static io.lakeloop.table.LabelingTables.LABELS;
import static io.lakeloop.table.LedgerTables.RUNS;
import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.consensus.Consensus;
import io.lakeloop.feedback.preferences.ConversationSplit;
import io.lakeloop.feedback.preferences.PreferenceBuilder;
import io.lakeloop.feedback.preferences.PreferenceSettings;
import io.lakeloop.feedback.preferences.Provenance;
import io.lakeloop.feedback.preferences.Snapshots;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Turns labels into an immutable snapshot of training pairs that know how sure they are. */
public final class BuildPreferencesJob implements Job<BuildPreferencesJob.Config> {

  public record Config(
      String question,
      Name agreementRun,
      Consensus.Method method,
      PreferenceSettings labels,
      double testShare,
      String intendedUse) {
    public Config {
      Problems.in("build-preferences")
          .require(!question.isBlank(), "question is empty")
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
    String run = agreementRun(config, context);
    Dataset<Row> consensus = consensus(config, context, run);
    Dataset<Row> labels =
        context.tables().read(LABELS).where(col("question").equalTo(config.question()));
    Dataset<Row> skill =
        context
            .tables()
            .slice(LABELER_QUALITY, run)
            .where(col("question").equalTo(config.question()).and(col("measure").equalTo("skill")));
    Dataset<Row> queue = context.tables().read(LABELING_QUEUE).dropDuplicates("item_id");
    Provenance provenance =
        new Provenance(context.tables().readOrEmpty(INTERACTIONS), context.tables().read(RUNS));

    Dataset<Row> pairs =
        new PreferenceBuilder(config.labels())
            .build(queue, consensus, labels, skill, provenance.interactions());
    Dataset<Row> allowed = provenance.allowed(pairs).cache();
    Dataset<Row> split = new ConversationSplit(config.testShare()).apply(allowed).cache();
    tell(context, pairs.count(), allowed.count(), split);

    Dataset<Row> snapshot = PreferenceBuilder.scaled(split.where("split IS NOT NULL"));
    Snapshots.publish(
        context,
        snapshot,
        provenance.describe(
            snapshot,
            List.of(LABELING_QUEUE, LABELS, ITEM_CONSENSUS, LABELER_QUALITY, INTERACTIONS),
            config.intendedUse()));
    split.unpersist();
    allowed.unpersist();
  }

  private static void tell(JobContext context, long all, long allowed, Dataset<Row> split) {
    if (allowed < all) {
      context.say("%,d pairs left out: a user does not allow training", all - allowed);
    }
    long straddling = split.where("split IS NULL").count();
    if (straddling > 0) {
      context.say(
          "%,d pairs left out: their conversation is held out by another of its pairs", straddling);
    }
  }

  private static Dataset<Row> consensus(Config config, JobContext context, String run) {
    Dataset<Row> consensus =
        context
            .tables()
            .slice(ITEM_CONSENSUS, run)
            .where(
                col("question")
                    .equalTo(config.question())
                    .and(col("method").equalTo(config.method().label())));
    if (consensus.isEmpty()) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot build pairs from %s: it inferred nothing about %s by %s. Run labeler-agreement"
              + " with that question's labels and consensus.methods.",
          run,
          config.question(),
          config.method().label());
    }
    return consensus;
  }

  private static String agreementRun(Config config, JobContext context) {
    if (!config.agreementRun().text().equals("latest")) {
      return config.agreementRun().text();
    }
    List<Row> runs =
        context
            .tables()
            .read(RUNS)
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
