package io.lakeloop.feedback.sampling;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sha2;
import static org.apache.spark.sql.functions.xxhash64;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Draws pairs of answers for raters to compare: a hold-out share with equal probabilities, the rest
 * with probabilities that boosts raise. Every item carries the probability with which it came in,
 * so that what is found on the queue can be weighted back to all pairs. Which pairs are hold-out is
 * a matter of their text alone and never changes.
 */
public final class LabelingSampler {
  private static final double MILLION = 1_000_000;

  private final int items;
  private final double holdoutShare;
  private final Boosts.Settings boosts;
  private final long seed;

  /**
   * @param items pairs to draw, spread over the strata by their size, at least one each
   * @param holdoutShare share of all pairs that is set apart for unbiased measurement
   */
  public LabelingSampler(int items, double holdoutShare, Boosts.Settings boosts, long seed) {
    this.items = items;
    this.holdoutShare = holdoutShare;
    this.boosts = boosts;
    this.seed = seed;
  }

  /**
   * Columns of labeling_queue but run_id, created_at and the gold questions'.
   *
   * @param pairs {@link AnswerPairs}, with {@link PairScores} where boosts need them
   */
  public Dataset<Row> draw(Dataset<Row> pairs) {
    Dataset<Row> sized =
        Boosts.apply(pairs, boosts, seed).withColumn("is_holdout", isHoldout(col("pair_key")));
    if (holdoutShare == 0) {
      return named(UnequalProbabilities.draw(sized, items, seed));
    }
    int held = (int) Math.round(items * holdoutShare);
    Dataset<Row> holdout =
        UnequalProbabilities.draw(
                sized.where(col("is_holdout")).withColumn("size", lit(1.0)),
                Math.max(1, held),
                seed)
            .withColumn("reason", lit("holdout"));
    Dataset<Row> rest =
        UnequalProbabilities.draw(sized.where("NOT is_holdout"), Math.max(1, items - held), seed);
    return named(holdout.unionByName(rest));
  }

  private Column isHoldout(Column pairKey) {
    return xxhash64(lit("holdout"), pairKey)
        .bitwiseAND(Long.MAX_VALUE)
        .mod((long) MILLION)
        .lt(holdoutShare * MILLION);
  }

  private static Dataset<Row> named(Dataset<Row> drawn) {
    return drawn
        .withColumn("priority", col("size"))
        .withColumn("is_gold", lit(false))
        .select(
            "item_id",
            "messages",
            "prompt",
            "completion_a",
            "completion_b",
            "interaction_a",
            "interaction_b",
            "product",
            "stratum",
            "reason",
            "inclusion_probability",
            "priority",
            "is_gold",
            "is_holdout");
  }

  /**
   * Some of the items once more, sides exchanged, to see how far raters agree with themselves.
   *
   * @param share of the items that comes twice
   */
  public static Dataset<Row> repeats(Dataset<Row> drawn, double share, long seed) {
    Column chosen =
        xxhash64(lit(seed), lit("repeat"), col("item_id"))
            .bitwiseAND(Long.MAX_VALUE)
            .mod((long) MILLION)
            .lt(share * MILLION);
    return drawn
        .where(chosen)
        .withColumn("repeat_of", col("item_id"))
        .withColumn("item_id", sha2(concat(col("item_id"), lit("|repeat")), 256).substr(1, 32))
        .withColumn("first_a", col("completion_a"))
        .withColumn("first_interaction", col("interaction_a"))
        .withColumn("completion_a", col("completion_b"))
        .withColumn("completion_b", col("first_a"))
        .withColumn("interaction_a", col("interaction_b"))
        .withColumn("interaction_b", col("first_interaction"))
        .withColumn("reason", lit("repeat"))
        .drop("first_a", "first_interaction");
  }
}
