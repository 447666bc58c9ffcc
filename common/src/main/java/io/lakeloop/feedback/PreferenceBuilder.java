package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.abs;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.conv;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.exp;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.least;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.log;
import static org.apache.spark.sql.functions.sha2;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Turns labels into training pairs whose probability says how sure the raters are. Votes are pooled
 * by naive Bayes with each rater's measured quality q as the chance of a right answer:
 *
 * <pre>log odds(a) = sum over votes +-log(q / (1 - q))</pre>
 *
 * so that a rater at chance counts nothing; ties count nothing either.
 */
public final class PreferenceBuilder {
  private static final double LOWEST_QUALITY = 0.5;
  private static final double HIGHEST_QUALITY = 0.9;

  private final double testShare;
  private final double minProbability;

  /**
   * @param testShare share of prompts that are held out
   * @param minProbability pairs below it are dropped as undecided
   */
  public PreferenceBuilder(double testShare, double minProbability) {
    this.testShare = testShare;
    this.minProbability = minProbability;
  }

  /**
   * Columns of preferences but snapshot_id.
   *
   * @param queue labeling_queue; gold questions are left out, since their answers are not raters'
   * @param labels answers a, b or tie to one question
   * @param quality rater_id and value of the measure quality
   */
  public Dataset<Row> build(Dataset<Row> queue, Dataset<Row> labels, Dataset<Row> quality) {
    Column q =
        least(
            lit(HIGHEST_QUALITY),
            greatest(lit(LOWEST_QUALITY), coalesce(col("quality"), lit(LOWEST_QUALITY))));
    Column vote =
        when(col("value").equalTo("a"), 1.0).when(col("value").equalTo("b"), -1.0).otherwise(0.0);
    Dataset<Row> odds =
        labels
            .join(
                quality.select(col("rater_id").as("rated"), col("value").as("quality")),
                col("rater_id").equalTo(col("rated")),
                "left")
            .groupBy(col("item_id").as("labeled_item"))
            .agg(
                sum(vote.multiply(log(q.divide(lit(1).minus(q))))).as("log_odds"),
                count("*").as("labels"));
    Column chosenIsA = col("log_odds").gt(0);
    return queue
        .where("NOT is_gold AND repeat_of IS NULL")
        .join(odds, col("item_id").equalTo(col("labeled_item")))
        .withColumn("p_chosen", lit(1).divide(lit(1).plus(exp(abs(col("log_odds")).multiply(-1)))))
        .where(col("p_chosen").geq(minProbability).and(col("log_odds").notEqual(0)))
        .select(
            col("item_id"),
            col("prompt"),
            when(chosenIsA, col("completion_a")).otherwise(col("completion_b")).as("chosen"),
            when(chosenIsA, col("completion_b")).otherwise(col("completion_a")).as("rejected"),
            col("p_chosen"),
            lit(1.0).as("weight"),
            lit(0.0).as("margin"),
            col("product"),
            split(col("prompt"), testShare).as("split"),
            col("labels"));
  }

  /** Test or train by the text's digest, so that equal texts never fall on both sides. */
  public static Column split(Column text, double testShare) {
    Column place = conv(sha2(text, 256).substr(1, 8), 16, 10).cast("double").divide(1L << 32);
    return when(place.lt(testShare), "test").otherwise("train");
  }

  /** Digest of the pairs, in whatever order they come. */
  public static String digest(Dataset<Row> pairs) {
    Column row =
        sha2(
            concat_ws(
                "\u0001",
                col("item_id"),
                col("prompt"),
                col("chosen"),
                col("rejected"),
                col("p_chosen").cast("string"),
                col("weight").cast("string"),
                col("margin").cast("string"),
                col("split")),
            256);
    // Sums of hashes commute, so no sort is needed and rows may lie in any order.
    Row sums =
        pairs
            .select(row.as("hash"))
            .agg(
                sum(conv(col("hash").substr(1, 15), 16, 10).cast("decimal(38,0)")),
                sum(conv(col("hash").substr(16, 15), 16, 10).cast("decimal(38,0)")),
                sum(conv(col("hash").substr(31, 15), 16, 10).cast("decimal(38,0)")),
                sum(conv(col("hash").substr(46, 15), 16, 10).cast("decimal(38,0)")),
                count("*"))
            .first();
    return io.lakeloop.config.Digest.of(sums.toString());
  }
}
