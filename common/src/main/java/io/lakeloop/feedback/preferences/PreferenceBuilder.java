package io.lakeloop.feedback.preferences;

import static org.apache.spark.sql.functions.abs;
import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.conv;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.exp;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.least;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.log;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.sha2;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.table.Messages;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Turns what was inferred of items into training pairs that know how sure they are. With P(v) the
 * posterior of answer v and g_v its grade (above 0 for a, 0 a tie):
 *
 * <pre>
 * p_a    = sum of P(v) where g_v > 0, and half of it where g_v = 0
 * logit  += sum over signals of weight (signal of a - signal of b)
 * margin = margin-per-grade |sum_v P(v) g_v|
 * weight = P(likeliest answer) * mean skill of the item's raters * factors of ticked reasons
 * </pre>
 *
 * <p>Weights are to be {@link #scaled} to a mean of 1 over the snapshot, so that they move pairs
 * against each other and not the loss.
 */
public final class PreferenceBuilder {
  private static final double SUREST = 1e-6;
  private static final double LEAST_WEIGHT = 0.01;

  private final PreferenceSettings settings;

  public PreferenceBuilder(PreferenceSettings settings) {
    this.settings = settings;
  }

  /**
   * item_id, messages, prompt, chosen, rejected, p_chosen, weight, margin, product, labels,
   * interaction_a, interaction_b.
   *
   * @param queue labeling_queue, each item once; gold questions and repeats are left out
   * @param consensus item_consensus of one question and method
   * @param labels of that question
   * @param skill rater_id and value of the measure skill
   * @param interactions what the answers were logged with
   */
  public Dataset<Row> build(
      Dataset<Row> queue,
      Dataset<Row> consensus,
      Dataset<Row> labels,
      Dataset<Row> skill,
      Dataset<Row> interactions) {
    refuseUngraded(consensus);
    Column forA = lit(0.0);
    Column tie = lit(0.0);
    Column grade = lit(0.0);
    for (Map.Entry<String, Double> answer : settings.gradeNumbers().entrySet()) {
      Column chance = coalesce(col("probabilities").getItem(answer.getKey()), lit(0.0));
      forA = answer.getValue() > 0 ? forA.plus(chance) : forA;
      tie = answer.getValue() == 0 ? tie.plus(chance) : tie;
      grade = grade.plus(chance.multiply(answer.getValue()));
    }
    Dataset<Row> judged =
        queue
            .where("NOT is_gold AND repeat_of IS NULL")
            .drop("run_id")
            .join(
                consensus.select(
                    col("item_id"),
                    col("labels"),
                    col("probability"),
                    forA.as("for_a"),
                    tie.as("tie"),
                    grade.as("grade")),
                "item_id")
            .join(raters(labels, skill), "item_id");
    Dataset<Row> sided =
        signalled(judged, interactions)
            .withColumn("is_tie", col("tie").gt(greatest(col("for_a"), againstA())))
            .withColumn("p_a", shifted(col("for_a").plus(col("tie").divide(2))))
            .where(kept());
    return sided.select(columns());
  }

  private static Column againstA() {
    return lit(1).minus(col("for_a")).minus(col("tie"));
  }

  private void refuseUngraded(Dataset<Row> consensus) {
    Map<String, Double> grades = settings.gradeNumbers();
    List<String> ungraded =
        consensus
            .selectExpr("explode(map_keys(probabilities)) AS answer")
            .distinct()
            .collectAsList()
            .stream()
            .map(row -> row.getString(0))
            .filter(answer -> !grades.containsKey(answer))
            .sorted()
            .toList();
    if (!ungraded.isEmpty()) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot tell what the answers %s say: labels.grades has %s. Give each a grade, above 0"
              + " where a is better.",
          ungraded,
          grades.keySet());
    }
  }

  /** By item: the mean skill of its raters, and the factor of the reasons that they ticked. */
  private Dataset<Row> raters(Dataset<Row> labels, Dataset<Row> skill) {
    Row mean = skill.agg(avg(least(lit(1.0), greatest(lit(0.0), col("value"))))).first();
    double unknown = mean.isNullAt(0) ? 1 : mean.getDouble(0);
    Column factor = lit(1.0);
    for (Map.Entry<String, Double> reason : settings.reasonNumbers().entrySet()) {
      Column ticked =
          coalesce(
              org.apache.spark.sql.functions.array_contains(col("reasons"), reason.getKey()),
              lit(false));
      factor = factor.multiply(when(ticked, reason.getValue()).otherwise(1.0));
    }
    return labels
        .join(
            skill.select(col("rater_id").as("rated"), col("value").as("skill")),
            col("rater_id").equalTo(col("rated")),
            "left")
        .withColumn("factor", factor)
        .groupBy("item_id")
        .agg(
            avg(least(lit(1.0), greatest(lit(0.0), coalesce(col("skill"), lit(unknown)))))
                .as("reliability"),
            max("factor").as("factor"));
  }

  /** Adds the log-odds that the logs speak for a with, 0 where they say nothing. */
  private Dataset<Row> signalled(Dataset<Row> judged, Dataset<Row> interactions) {
    PreferenceSettings.Signals weights = settings.signals();
    if (weights.none()) {
      return judged.withColumn("signal", lit(0.0));
    }
    Column score =
        coalesce(
                expr("CASE WHEN task_completed THEN 0.5D WHEN NOT task_completed THEN -0.5D END"),
                lit(0.0))
            .multiply(weights.taskCompleted())
            .plus(coalesce(expr("(csat - 3) / 2.0D"), lit(0.0)).multiply(weights.csat()))
            .plus(coalesce(expr("double(thumb)"), lit(0.0)).multiply(weights.thumb()))
            .plus(coalesce(expr("double(escalated)"), lit(0.0)).multiply(weights.escalated()));
    Dataset<Row> scored =
        interactions.select(col("interaction_id").as("logged"), score.as("score"));
    return judged
        .join(
            scored.select(col("logged").as("logged_a"), col("score").as("score_a")),
            col("interaction_a").equalTo(col("logged_a")),
            "left")
        .join(
            scored.select(col("logged").as("logged_b"), col("score").as("score_b")),
            col("interaction_b").equalTo(col("logged_b")),
            "left")
        .withColumn(
            "signal", coalesce(col("score_a"), lit(0.0)).minus(coalesce(col("score_b"), lit(0.0))));
  }

  private static Column shifted(Column p) {
    Column bounded = least(lit(1 - SUREST), greatest(lit(SUREST), p));
    Column logit = log(bounded.divide(lit(1).minus(bounded))).plus(col("signal"));
    return when(col("signal").equalTo(0), least(lit(1.0), greatest(lit(0.0), p)))
        .otherwise(lit(1).divide(lit(1).plus(exp(logit.multiply(-1)))));
  }

  private Column kept() {
    Column decided =
        abs(col("p_a").minus(0.5))
            .geq(settings.minProbability() - 0.5)
            .and(col("p_a").notEqual(0.5));
    return settings.ties() == PreferenceSettings.Ties.KEEP
        ? col("is_tie").or(decided)
        : not(col("is_tie")).and(decided);
  }

  private static Column not(Column condition) {
    return org.apache.spark.sql.functions.not(condition);
  }

  private Column[] columns() {
    Column chosenIsA = col("p_a").geq(0.5);
    Column sure = when(chosenIsA, col("p_a")).otherwise(lit(1).minus(col("p_a")));
    Column p = when(col("is_tie"), 0.5).otherwise(settings.hard() ? lit(1.0) : sure);
    Column weight =
        settings.weighted()
            ? greatest(
                lit(LEAST_WEIGHT),
                col("probability").multiply(col("reliability")).multiply(col("factor")))
            : lit(1.0);
    return new Column[] {
      col("item_id"),
      col("messages"),
      col("prompt"),
      when(chosenIsA, col("completion_a")).otherwise(col("completion_b")).as("chosen"),
      when(chosenIsA, col("completion_b")).otherwise(col("completion_a")).as("rejected"),
      p.as("p_chosen"),
      weight.as("weight"),
      when(col("is_tie"), 0.0)
          .otherwise(abs(col("grade")).multiply(settings.marginPerGrade()))
          .as("margin"),
      col("product"),
      col("labels"),
      col("interaction_a"),
      col("interaction_b")
    };
  }

  /** Weights with a mean of 1; the mean is rounded, so that no order of adding shows in it. */
  public static Dataset<Row> scaled(Dataset<Row> pairs) {
    Row mean = pairs.agg(avg("weight")).first();
    if (mean.isNullAt(0)) {
      return pairs;
    }
    double rounded = Math.round(mean.getDouble(0) * 1e9) / 1e9;
    return pairs.withColumn("weight", col("weight").divide(rounded));
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
                Messages.key(col("messages"), col("prompt")),
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
