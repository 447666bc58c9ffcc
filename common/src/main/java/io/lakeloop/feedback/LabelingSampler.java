package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.array_sort;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.round;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.sha2;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.xxhash64;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/**
 * Draws pairs of answers to the same prompt for raters to compare: a stratified random sample
 * without replacement whose inclusion probabilities are recorded, so that what is found on it can
 * be weighted back to all pairs. Strata are the model versions compared.
 */
public final class LabelingSampler {
  private final int items;
  private final long seed;

  /**
   * @param items pairs to draw, spread over the strata by their size, at least one each
   */
  public LabelingSampler(int items, long seed) {
    this.items = items;
    this.seed = seed;
  }

  /** Interactions that raters may see: consent given, nothing repeated, nothing broken. */
  public static Dataset<Row> eligible(Dataset<Row> interactions) {
    return interactions.where(
        col("consent")
            .and(col("duplicate_of").isNull())
            .and(size(col("quality_flags")).equalTo(0)));
  }

  /** Columns of labeling_queue but run_id and created_at. */
  public Dataset<Row> draw(Dataset<Row> interactions) {
    Dataset<Row> pairs = pairs(eligible(interactions));
    Dataset<Row> sized =
        pairs
            .withColumn("in_stratum", count("*").over(Window.partitionBy("stratum")))
            .withColumn("in_all", count("*").over(Window.partitionBy(lit(1))))
            .withColumn("place", row_number().over(Window.partitionBy("stratum").orderBy("draw")));
    Column share = round(lit((double) items).multiply(col("in_stratum")).divide(col("in_all")));
    Column quota = expr("least(in_stratum, quota)");
    return sized
        .withColumn("quota", greatest(lit(1), share))
        .where(col("place").leq(quota))
        .withColumn("inclusion_probability", quota.divide(col("in_stratum")))
        .withColumn("reason", lit("stratified"))
        .withColumn("priority", lit(1.0))
        .withColumn("is_gold", lit(false))
        .drop("in_stratum", "in_all", "place", "quota", "draw");
  }

  /** Answers to one prompt, shuffled and taken two by two; a is whichever came first. */
  private Dataset<Row> pairs(Dataset<Row> eligible) {
    Dataset<Row> placed =
        eligible
            .withColumn("draw", xxhash64(lit(seed), col("interaction_id")))
            .withColumn("model", coalesce(col("model_version"), lit("unknown")))
            .withColumn("at", row_number().over(Window.partitionBy("prompt").orderBy("draw")));
    Dataset<Row> a = side(placed, "a").where("at % 2 = 1").withColumnRenamed("at", "pair");
    Dataset<Row> b =
        side(placed, "b").where("at % 2 = 0").withColumn("pair", expr("at - 1")).drop("at");
    return a.join(
            b.drop("draw_b"),
            a.col("prompt").equalTo(b.col("prompt_b")).and(a.col("pair").equalTo(b.col("pair"))))
        .drop(b.col("pair"))
        .select(
            sha2(concat_ws("|", col("interaction_a"), col("interaction_b")), 256)
                .substr(1, 32)
                .as("item_id"),
            col("prompt"),
            col("completion_a"),
            col("completion_b"),
            col("interaction_a"),
            col("interaction_b"),
            col("product_a").as("product"),
            concat_ws(" vs ", array_sort(array(col("model_a"), col("model_b")))).as("stratum"),
            col("draw_a").as("draw"));
  }

  private static Dataset<Row> side(Dataset<Row> placed, String side) {
    return placed.select(
        col("prompt").as(side.equals("a") ? "prompt" : "prompt_b"),
        col("completion").as("completion_" + side),
        col("interaction_id").as("interaction_" + side),
        col("model").as("model_" + side),
        col("product").as("product_" + side),
        col("draw").as("draw_" + side),
        col("at"));
  }
}
