package io.lakeloop.feedback.sampling;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.floor;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.least;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.round;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;

/**
 * A stratified sample without replacement whose inclusion probabilities are proportional to a size:
 * systematic sampling in a drawn order (Madow 1949; Särndal, Swensson and Wretman 1992, section
 * 3.6), of a fixed number in each stratum. Units so large that their probability would exceed 1 are
 * taken for certain, and the rest share what is left. What is measured on the sample stands for the
 * population with weights {@code 1 / probability} (Horvitz and Thompson 1952).
 */
final class UnequalProbabilities {
  private UnequalProbabilities() {}

  /**
   * Draws.
   *
   * @param units columns stratum, draw (random, all different) and size (above 0)
   * @param items to draw, over the strata by their number of units, at least one each
   * @return the units drawn, with inclusion_probability
   */
  static Dataset<Row> draw(Dataset<Row> units, int items, long seed) {
    WindowSpec stratum = Window.partitionBy("stratum");
    WindowSpec largestFirst = stratum.orderBy(col("size").desc(), col("draw"));
    WindowSpec inDrawnOrder = stratum.orderBy("draw");
    Column share =
        round(
            lit((double) items)
                .multiply(count("*").over(stratum))
                .divide(count("*").over(Window.partitionBy(lit(1)))));
    Dataset<Row> ranked =
        units
            .withColumn("quota", least(greatest(share, lit(1)), count("*").over(stratum)))
            .withColumn("rank", row_number().over(largestFirst))
            .withColumn(
                "tail",
                sum("size")
                    .over(
                        largestFirst.rowsBetween(
                            Window.currentRow(), Window.unboundedFollowing())));
    // Of units in descending order, those are certain that outweigh their share of what follows.
    Dataset<Row> certain =
        ranked
            .withColumn(
                "certain",
                col("size")
                    .multiply(col("quota").minus(col("rank")).plus(1))
                    .geq(col("tail").multiply(1 - 1e-9)))
            .withColumn("certainties", sum(when(col("certain"), 1).otherwise(0)).over(stratum))
            .withColumn(
                "rest",
                coalesce(
                    max(when(col("certain"), null).otherwise(col("tail"))).over(stratum),
                    lit(1.0)));
    Column probability =
        when(col("certain"), lit(1.0))
            .otherwise(
                col("size").multiply(col("quota").minus(col("certainties"))).divide(col("rest")));
    Column start =
        xxhash64(lit(seed), col("stratum"))
            .bitwiseAND(lit((1L << 52) - 1))
            .divide(lit((double) (1L << 52)));
    Dataset<Row> placed =
        certain
            .withColumn("inclusion_probability", probability)
            .withColumn(
                "until",
                sum(when(col("certain"), 0.0).otherwise(col("inclusion_probability")))
                    .over(inDrawnOrder)
                    .plus(start));
    return placed
        .where(
            col("certain")
                .or(
                    floor(col("until"))
                        .gt(floor(col("until").minus(col("inclusion_probability"))))))
        .drop("quota", "rank", "tail", "certain", "certainties", "rest", "until");
  }
}
