package io.lakeloop.feedback.sampling;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.filter;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.least;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.config.Problems;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.types.DataTypes;

/**
 * What makes a pair likelier to be drawn: the size of a pair is the product of its boosts, so that
 * every probability is known and every metric can be weighted back.
 */
public final class Boosts {
  private static final int BITS = 6;

  /**
   * Factors of 1 and more; 1 is no boost.
   *
   * @param lowSatisfaction for pairs with an answer that has a thumb down or a CSAT of at most 2
   * @param escalation for pairs with an answer that was handed to a person
   * @param highValue for pairs whose business value is in the highest tenth
   * @param rareCluster for the rarest cluster of prompts, less for commoner ones: clusters are
   *     signs of random projections of hashed words (Charikar 2002)
   * @param disagreement for pairs whose answers' difference of reward the models tell most
   *     differently
   * @param informativeness for pairs whose difference of features has the largest leverage {@code
   *     x' (S + I)^-1 x}: drawing by it is a randomised D-optimal design
   */
  public record Settings(
      double lowSatisfaction,
      double escalation,
      double highValue,
      double rareCluster,
      double disagreement,
      double informativeness)
      implements Serializable {
    public Settings {
      Problems problems = Problems.in("sample-for-labeling");
      Map.of(
              "low-satisfaction", lowSatisfaction,
              "escalation", escalation,
              "high-value", highValue,
              "rare-cluster", rareCluster,
              "disagreement", disagreement,
              "informativeness", informativeness)
          .forEach(
              (name, factor) ->
                  problems.require(
                      factor >= 1 && factor <= 1000,
                      "boosts.%s must lie in 1..1000, got %s",
                      name,
                      factor));
      problems.throwIfAny();
    }

    /** True if pairs must be scored by reward models. */
    public boolean needScores() {
      return disagreement > 1 || informativeness > 1;
    }
  }

  private final Settings settings;
  private final List<Column> factors = new ArrayList<>();
  private final List<Column> reasons = new ArrayList<>();

  private Boosts(Settings settings) {
    this.settings = settings;
  }

  /**
   * Adds size and reason.
   *
   * @param pairs {@link AnswerPairs}, with columns disagreement and informativeness where scored
   */
  static Dataset<Row> apply(Dataset<Row> pairs, Settings settings, long seed) {
    return new Boosts(settings).sized(pairs, seed);
  }

  private Dataset<Row> sized(Dataset<Row> pairs, long seed) {
    Dataset<Row> seen = pairs;
    flag(
        "low satisfaction",
        settings.lowSatisfaction(),
        expr("a.thumb = -1 OR b.thumb = -1 OR a.csat <= 2 OR b.csat <= 2"));
    flag("escalation", settings.escalation(), expr("a.escalated OR b.escalated"));
    if (settings.highValue() > 1) {
      seen =
          seen.withColumn("pair_value", greatest(col("a.business_value"), col("b.business_value")));
      Row tenth = seen.selectExpr("percentile(pair_value, 0.9)").first();
      double from = tenth.isNullAt(0) ? Double.POSITIVE_INFINITY : tenth.getDouble(0);
      flag("high value", settings.highValue(), col("pair_value").geq(from));
    }
    if (settings.rareCluster() > 1) {
      seen = clustered(seen, seed);
      graded(
          "rare cluster",
          settings.rareCluster(),
          lit(1.0).minus(col("cluster_size").divide(col("largest_cluster"))));
    }
    seen = relative(seen, "disagreement", settings.disagreement());
    seen = relative(seen, "informativeness", settings.informativeness());
    Column size = factors.stream().reduce(lit(1.0), Column::multiply);
    Column reason =
        concat_ws(", ", filter(array(reasons.toArray(Column[]::new)), Column::isNotNull));
    Dataset<Row> sized = seen.withColumn("size", size);
    return reasons.isEmpty()
        ? sized.withColumn("reason", lit("stratified"))
        : sized
            .withColumn("reason", reason)
            .withColumn(
                "reason", when(col("reason").equalTo(""), "stratified").otherwise(col("reason")));
  }

  private void flag(String name, double factor, Column applies) {
    if (factor > 1) {
      Column does = coalesce(applies, lit(false));
      factors.add(when(does, factor).otherwise(1.0));
      reasons.add(when(does, name));
    }
  }

  /** From 1 to the factor, by a grade of 0 to 1; half of the grade and more is a reason. */
  private void graded(String name, double factor, Column grade) {
    Column known = coalesce(grade, lit(0.0));
    factors.add(known.multiply(factor - 1).plus(1));
    reasons.add(when(known.geq(0.5), name));
  }

  /** Grades a measure by twice its mean. */
  private Dataset<Row> relative(Dataset<Row> pairs, String measure, double factor) {
    if (factor <= 1) {
      return pairs;
    }
    String mean = "mean_" + measure;
    graded(
        measure, factor, least(lit(1.0), col(measure).divide(col(mean).multiply(2).plus(1e-12))));
    return pairs.withColumn(mean, avg(measure).over(Window.partitionBy(lit(1))));
  }

  private static Dataset<Row> clustered(Dataset<Row> pairs, long seed) {
    Column cluster =
        udf((UDF1<String, Integer>) prompt -> cluster(prompt, seed), DataTypes.IntegerType)
            .apply(col("prompt"));
    return pairs
        .withColumn("cluster", cluster)
        .withColumn("cluster_size", count("*").over(Window.partitionBy("cluster")))
        .withColumn("largest_cluster", max("cluster_size").over(Window.partitionBy(lit(1))));
  }

  /** Signs of random projections of the words' counts. */
  private static int cluster(String prompt, long seed) {
    Map<String, Integer> counts = new TreeMap<>();
    for (String word : prompt.toLowerCase(java.util.Locale.ROOT).split("[^\\p{L}\\p{N}]+")) {
      counts.merge(word, 1, Integer::sum);
    }
    int cluster = 0;
    for (int bit = 0; bit < BITS; bit++) {
      double projection = 0;
      for (Map.Entry<String, Integer> word : counts.entrySet()) {
        projection += word.getValue() * CounterRandom.gaussian(seed, bit, word.getKey().hashCode());
      }
      cluster |= projection > 0 ? 1 << bit : 0;
    }
    return cluster;
  }
}
