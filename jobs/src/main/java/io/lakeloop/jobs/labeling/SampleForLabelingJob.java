package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.Quoted;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.sampling.AnswerPairs;
import io.lakeloop.feedback.sampling.Boosts;
import io.lakeloop.feedback.sampling.GoldQuestions;
import io.lakeloop.feedback.sampling.LabelingSampler;
import io.lakeloop.feedback.sampling.PairScores;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.session.ModelLoader;
import io.lakeloop.table.Messages;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Draws a stratified sample of answer pairs for raters and mixes gold questions in. */
public final class SampleForLabelingJob implements Job<SampleForLabelingJob.Config> {

  public record Config(
      int items,
      AnswerPairs.Kind pairs,
      List<String> strata,
      double holdoutShare,
      Boosts.Settings boosts,
      List<String> rewardModels,
      int mostScored,
      List<String> uses,
      String goldQuestions,
      double repeatShare,
      long seed) {
    private static final List<String> STRATA =
        List.of("product", "language", "model-version", "cohort");
    private static final List<String> USES = List.of("evaluation", "labeling", "training");

    public Config {
      Problems problems =
          Problems.in("sample-for-labeling")
              .require(items >= 1, "items must be at least 1, got %d", items)
              .require(
                  STRATA.containsAll(strata), "strata must be some of %s, got %s", STRATA, strata)
              .require(
                  holdoutShare >= 0 && holdoutShare < 1,
                  "holdout-share must lie in [0, 1), got %s",
                  holdoutShare)
              .require(USES.containsAll(uses), "uses must be some of %s, got %s", USES, uses)
              .require(!uses.isEmpty(), "uses is empty: say what the labels are for")
              .require(
                  repeatShare >= 0 && repeatShare <= 1,
                  "repeat-share must lie in 0..1, got %s",
                  repeatShare)
              .require(mostScored >= 1, "most-scored must be at least 1, got %d", mostScored)
              .require(
                  !boosts.needScores() || !rewardModels.isEmpty(),
                  "boosts.disagreement and boosts.informativeness need reward-models")
              .require(
                  boosts.disagreement() == 1 || rewardModels.stream().distinct().count() >= 2,
                  "boosts.disagreement needs two different reward-models or more, got %s",
                  rewardModels);
      rewardModels.forEach(
          model ->
              problems.require(
                  isPinned(model),
                  "reward-models must be named with their version, as reward/3, got %s",
                  Quoted.of(model)));
      problems.throwIfAny();
    }

    private static boolean isPinned(String model) {
      try {
        return ModelRef.parse(model).isPinned();
      } catch (IllegalArgumentException e) {
        return false;
      }
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    long seed = JobContext.key(config.seed(), "labeling");
    Dataset<Row> eligible =
        AnswerPairs.eligible(context.tables().read(INTERACTIONS), config.uses());
    Dataset<Row> pairs =
        unseen(context, AnswerPairs.of(eligible, config.pairs(), config.strata(), seed));
    if (config.boosts().needScores()) {
      pairs = scored(config, context, pairs);
    }

    Dataset<Row> sample =
        new LabelingSampler(config.items(), config.holdoutShare(), config.boosts(), seed)
            .draw(pairs)
            .withColumn("gold_value", lit(null).cast("string"))
            .withColumn("repeat_of", lit(null).cast("string"))
            .persist();
    if (sample.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot draw pairs: no prompt in interactions has, behind the same history, two different answers that may be"
              + " shown (consent to %s, no duplicate, no quality flag, not labeled before). Ingest"
              + " more logs.",
          String.join(" and ", config.uses()));
    }
    Dataset<Row> items = sample;
    if (config.repeatShare() > 0) {
      items = items.unionByName(LabelingSampler.repeats(sample, config.repeatShare(), seed));
    }
    if (!config.goldQuestions().isBlank()) {
      items = items.unionByName(GoldQuestions.read(context, config.goldQuestions()), true);
    }

    context
        .tables()
        .replace(
            LABELING_QUEUE,
            items
                .withColumn("run_id", lit(context.runId()))
                .withColumn("created_at", lit(context.startedAt())));
    sample.unpersist();
  }

  /** Pairs that no other run has put before raters, whichever answer stood first. */
  private static Dataset<Row> unseen(JobContext context, Dataset<Row> pairs) {
    Dataset<Row> asked =
        context
            .tables()
            .readOrEmpty(LABELING_QUEUE)
            .where(col("run_id").notEqual(lit(context.runId())))
            .select(
                AnswerPairs.key(
                        Messages.key(col("messages"), col("prompt")),
                        col("completion_a"),
                        col("completion_b"))
                    .as("pair_key"))
            .distinct();
    return pairs.join(asked, "pair_key", "left_anti");
  }

  private static Dataset<Row> scored(Config config, JobContext context, Dataset<Row> pairs)
      throws Exception {
    List<RewardModel> opened = new ArrayList<>();
    try (ModelLoader models = ModelLoader.forRun(context, Precision.FLOAT32)) {
      for (String model : config.rewardModels()) {
        opened.add(RewardModels.open(context.resolve(ModelRef.parse(model)), models));
      }
      return PairScores.add(pairs, opened, config.mostScored());
    } finally {
      opened.forEach(RewardModel::close);
    }
  }
}
