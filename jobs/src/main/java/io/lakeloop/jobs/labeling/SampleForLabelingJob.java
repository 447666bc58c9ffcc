package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.GoldQuestions;
import io.lakeloop.feedback.LabelingSampler;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Draws a stratified sample of answer pairs for raters and mixes gold questions in. */
public final class SampleForLabelingJob implements Job<SampleForLabelingJob.Config> {

  public record Config(int items, String goldQuestions, long seed) {
    public Config {
      Problems.in("sample-for-labeling")
          .require(items >= 1, "items must be at least 1, got %d", items)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    Dataset<Row> interactions = context.tables().read(INTERACTIONS);

    Dataset<Row> sample =
        new LabelingSampler(config.items(), JobContext.key(config.seed(), "labeling"))
            .draw(interactions)
            .withColumn("gold_value", lit(null).cast("string"));
    if (sample.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot draw pairs: no prompt in interactions has two different answers that may be"
              + " shown (consent given, no duplicate, no quality flag). Ingest more logs.");
    }
    Dataset<Row> items =
        config.goldQuestions().isBlank()
            ? sample
            : sample.unionByName(
                GoldQuestions.read(context.spark(), context.path(config.goldQuestions())), true);

    context
        .tables()
        .replace(
            LABELING_QUEUE,
            items
                .withColumn("run_id", lit(context.runId()))
                .withColumn("created_at", lit(context.startedAt())));
  }
}
