package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.LabelingTables.ITEM_CONSENSUS;
import static io.lakeloop.table.LabelingTables.LABELER_AGREEMENT;
import static io.lakeloop.table.LabelingTables.LABELER_QUALITY;
import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static io.lakeloop.table.LabelingTables.LABELS;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.agreement.KrippendorffAlpha;
import io.lakeloop.agreement.LabelCounts;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.ItemLabels;
import io.lakeloop.feedback.MajorityVote;
import io.lakeloop.feedback.RaterQuality;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.table.TableRows;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Computes, for each question, how far raters agree, what each is worth, and what they say. */
public final class LabelerAgreementJob implements Job<LabelerAgreementJob.Config> {

  public record Config(int resamples, long seed) {
    public Config {
      Problems.in("labeler-agreement")
          .require(resamples >= 100, "resamples must be at least 100, got %d", resamples)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    Dataset<Row> labels = context.tables().read(LABELS).cache();
    context.countRead(labels.count());
    Dataset<Row> gold =
        context.tables().readOrEmpty(LABELING_QUEUE).where("is_gold").dropDuplicates("item_id");
    List<String> questions =
        labels.select("question").distinct().orderBy("question").collectAsList().stream()
            .map(row -> row.getString(0))
            .toList();
    if (questions.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot compute agreement: labels holds no row. Run ingest-labels first.");
    }
    TableRows agreement = new TableRows(LABELER_AGREEMENT);
    TableRows quality = new TableRows(LABELER_QUALITY);
    Dataset<Row> consensus = null;
    for (String question : questions) {
      Dataset<Row> answers = labels.where(col("question").equalTo(question));
      agreement(config, context, question, answers, "all", "all", agreement);
      for (Row cohort :
          answers
              .where("cohort IS NOT NULL")
              .select("cohort")
              .distinct()
              .orderBy("cohort")
              .collectAsList()) {
        agreement(
            config,
            context,
            question,
            answers.where(col("cohort").equalTo(cohort.getString(0))),
            "cohort",
            cohort.getString(0),
            agreement);
      }
      RaterQuality.measure(context.runId(), question, answers, gold, quality);
      Dataset<Row> inferred = MajorityVote.infer(answers, question);
      consensus = consensus == null ? inferred : consensus.unionByName(inferred);
    }

    context.tables().replace(ITEM_CONSENSUS, consensus.withColumn("run_id", lit(context.runId())));
    context.tables().replace(quality);
    context.tables().replace(agreement);
    labels.unpersist();
  }

  private static void agreement(
      Config config,
      JobContext context,
      String question,
      Dataset<Row> answers,
      String sliceKind,
      String sliceValue,
      TableRows rows) {
    LabelCounts counts = ItemLabels.counts(answers);
    if (counts.items() == 0) {
      context.say("%s, %s %s: no item has two labels", question, sliceKind, sliceValue);
      return;
    }
    double alpha = KrippendorffAlpha.nominal(counts);
    double[] bootstrap =
        KrippendorffAlpha.bootstrap(
            counts, config.resamples(), JobContext.key(config.seed(), question + sliceValue));
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("question", question);
    row.put("slice_kind", sliceKind);
    row.put("slice_value", sliceValue);
    row.put("coefficient", "krippendorff_alpha");
    row.put("weights", "identity");
    row.put("value", alpha);
    row.put("std_error", bootstrap[0]);
    row.put("ci_low", bootstrap[1]);
    row.put("ci_high", bootstrap[2]);
    row.put("items", counts.items());
    row.put("raters", answers.select("rater_id").distinct().count());
    row.put("labels", counts.labels());
    rows.add(row);
    context.say(
        "%s, %s %s: Krippendorff's alpha %.4f (95%% CI %.4f to %.4f), %,d items, %,d labels",
        question,
        sliceKind,
        sliceValue,
        alpha,
        bootstrap[1],
        bootstrap[2],
        counts.items(),
        counts.labels());
  }
}
