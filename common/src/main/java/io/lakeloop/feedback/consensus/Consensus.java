package io.lakeloop.feedback.consensus;

import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.createMapType;

import io.lakeloop.agreement.ComparisonBlock;
import io.lakeloop.agreement.ConfusionModel;
import io.lakeloop.agreement.Glad;
import io.lakeloop.agreement.LabelBlock;
import io.lakeloop.agreement.Majority;
import io.lakeloop.agreement.RaterBradleyTerry;
import io.lakeloop.agreement.TruthModel;
import io.lakeloop.feedback.labels.LabelBlocks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import scala.collection.JavaConverters;

/** Infers what is true of each item of one question, and what that says of the raters. */
public final class Consensus {
  private static final StructType SCHEMA =
      new StructType()
          .add("item_id", StringType)
          .add("value", StringType)
          .add("probability", DoubleType)
          .add("probabilities", createMapType(StringType, DoubleType))
          .add("labels", LongType);

  /** How the truth is inferred. */
  public enum Method {
    /** Share of the votes under a prior of one per value: {@code (n_v + 1) / (n + K)}. */
    MAJORITY,
    DAWID_SKENE,
    ONE_COIN,
    GLAD,
    MACE,
    /** Of answers a, b and tie alone. */
    BRADLEY_TERRY;

    /** As in the column method. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Told of each step's objective, and at the end of what else was found. */
  public interface Watcher {
    void step(Method method, int step, Map<String, Double> metrics);
  }

  /** A measure of a rater. */
  public record RaterMeasure(String rater, String measure, double value) {}

  /**
   * What was inferred.
   *
   * @param items columns of item_consensus but run_id, question and method
   */
  public record Inferred(Dataset<Row> items, List<RaterMeasure> raters) {}

  private final LabelBlocks labels;
  private final Expectation expectation;
  private final int topUp;
  private final Watcher watcher;

  /**
   * @param topUp labels that raters are topped up to by Dawid and Skene and by one coin
   */
  public Consensus(LabelBlocks labels, Expectation expectation, int topUp, Watcher watcher) {
    this.labels = labels;
    this.expectation = expectation;
    this.topUp = topUp;
    this.watcher = watcher;
  }

  /**
   * @param rows the same labels as rows
   * @param queue labeling_queue, each item once
   */
  public Inferred infer(SparkSession spark, Method method, Dataset<Row> rows, Dataset<Row> queue) {
    return switch (method) {
      case MAJORITY -> majority(spark);
      case DAWID_SKENE -> confusions(spark, method, ConfusionModel.Kind.DAWID_SKENE);
      case ONE_COIN -> confusions(spark, method, ConfusionModel.Kind.ONE_COIN);
      case MACE -> confusions(spark, method, ConfusionModel.Kind.MACE);
      case GLAD -> glad(spark);
      case BRADLEY_TERRY -> bradleyTerry(spark, rows, queue);
    };
  }

  /** Whether a method can be used on these values. */
  public static boolean allows(Method method, List<String> values) {
    return method != Method.BRADLEY_TERRY || List.of("a", "b", "tie").containsAll(values);
  }

  private Inferred majority(SparkSession spark) {
    int categories = labels.values().size();
    int raters = labels.raters().size();
    long[] agreement =
        labels
            .latest()
            .map(block -> Majority.agreement(block, raters, categories))
            .reduce(LabelBlocks::add);
    List<double[]> quality =
        labels.latest().map(block -> Majority.quality(block, agreement, categories)).collect();
    long items = labels.blocks().map(block -> (long) block.items()).reduce(Long::sum);
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("consistency", quality.stream().mapToDouble(q -> q[0]).sum() / items);
    metrics.put("uncertainty", quality.stream().mapToDouble(q -> q[1]).sum() / items);
    long hits = 0;
    long all = 0;
    for (int r = 0; r < raters; r++) {
      hits += agreement[2 * r];
      all += agreement[2 * r + 1];
    }
    metrics.put("majority_agreement", (double) hits / all);
    watcher.step(Method.MAJORITY, 0, metrics);
    Dataset<Row> rows =
        rows(
            spark,
            labels.latest(),
            block -> {
              double[][] shares = new double[block.items()][categories];
              for (int i = 0; i < shares.length; i++) {
                int[] counts = block.counts(i, categories);
                double n = block.end(i) - block.start(i);
                for (int k = 0; k < categories; k++) {
                  shares[i][k] = (counts[k] + 1) / (n + categories);
                }
              }
              return shares;
            });
    List<RaterMeasure> measures = new ArrayList<>();
    for (int r = 0; r < raters; r++) {
      measures.add(
          new RaterMeasure(
              labels.raters().get(r),
              "majority_agreement",
              (double) agreement[2 * r] / agreement[2 * r + 1]));
    }
    return new Inferred(rows, measures);
  }

  private Inferred confusions(SparkSession spark, Method method, ConfusionModel.Kind kind) {
    int raters = labels.raters().size();
    List<String> values = labels.values();
    ConfusionModel fitted =
        (ConfusionModel)
            fit(
                method,
                labels.blocks(),
                ConfusionModel.start(kind, raters, values.size(), topUp),
                model -> ((ConfusionModel) model).marginals(values));
    List<RaterMeasure> measures = new ArrayList<>();
    for (int r = 0; r < raters; r++) {
      String rater = labels.raters().get(r);
      measures.add(new RaterMeasure(rater, "skill/" + method.label(), fitted.skill(r)));
      for (int t = 0; t < values.size() && method == Method.DAWID_SKENE; t++) {
        for (int l = 0; l < values.size(); l++) {
          String cell = "confusion/" + values.get(t) + "/" + values.get(l);
          measures.add(new RaterMeasure(rater, cell, fitted.chance(r, t, l)));
        }
      }
    }
    return new Inferred(rows(spark, labels.blocks(), fitted::posteriors), measures);
  }

  private Inferred glad(SparkSession spark) {
    int raters = labels.raters().size();
    Glad fitted =
        (Glad)
            fit(
                Method.GLAD,
                labels.blocks(),
                Glad.start(raters, labels.values().size()),
                model -> Map.of());
    List<RaterMeasure> measures = new ArrayList<>();
    for (int r = 0; r < raters; r++) {
      measures.add(new RaterMeasure(labels.raters().get(r), "ability/glad", fitted.ability(r)));
    }
    return new Inferred(rows(spark, labels.blocks(), fitted::posteriors), measures);
  }

  private Inferred bradleyTerry(SparkSession spark, Dataset<Row> answers, Dataset<Row> queue) {
    JavaRDD<ComparisonBlock> blocks =
        Comparisons.gather(answers, queue, labels.raters(), labels.labels());
    RaterBradleyTerry fitted =
        (RaterBradleyTerry)
            fit(
                Method.BRADLEY_TERRY,
                blocks,
                RaterBradleyTerry.start(labels.raters().size()),
                model -> Map.of());
    List<RaterMeasure> measures = new ArrayList<>();
    for (int r = 0; r < labels.raters().size(); r++) {
      String rater = labels.raters().get(r);
      measures.add(new RaterMeasure(rater, "reliability/bradley_terry", fitted.reliability(r)));
      measures.add(new RaterMeasure(rater, "leaning/bradley_terry", fitted.leaning(r)));
    }
    JavaRDD<Row> rows =
        blocks.flatMap(
            block -> {
              double[][] chances = fitted.posteriors(block);
              List<Row> found = new ArrayList<>();
              for (int i = 0; i < chances.length; i++) {
                long votes = block.starts()[i + 1] - block.starts()[i];
                found.add(row(block.items()[i], List.of("a", "b"), chances[i], votes));
              }
              return found.iterator();
            });
    return new Inferred(spark.createDataFrame(rows, SCHEMA), measures);
  }

  private interface Found<B> {
    Map<String, Double> of(TruthModel<B> model);
  }

  private <B> TruthModel<B> fit(
      Method method, JavaRDD<B> blocks, TruthModel<B> start, Found<B> found) {
    int[] last = {0};
    TruthModel<B> fitted =
        expectation.fit(
            blocks,
            start,
            (step, objective) -> {
              last[0] = step;
              watcher.step(method, step, Map.of("log_likelihood", objective));
            });
    Map<String, Double> metrics = found.of(fitted);
    if (!metrics.isEmpty()) {
      watcher.step(method, last[0], metrics);
    }
    return fitted;
  }

  private interface Posteriors extends java.io.Serializable {
    double[][] of(LabelBlock block);
  }

  private Dataset<Row> rows(SparkSession spark, JavaRDD<LabelBlock> blocks, Posteriors posteriors) {
    List<String> values = new ArrayList<>(labels.values());
    // A fitted model has a matrix for every rater: sent once, not with every task.
    Broadcast<Posteriors> shared =
        JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(posteriors);
    JavaRDD<Row> rows =
        blocks.flatMap(
            block -> {
              double[][] chances = shared.value().of(block);
              List<Row> found = new ArrayList<>();
              for (int i = 0; i < chances.length; i++) {
                found.add(row(block.item(i), values, chances[i], block.end(i) - block.start(i)));
              }
              return found.iterator();
            });
    return spark.createDataFrame(rows, SCHEMA);
  }

  private static Row row(String item, List<String> values, double[] chances, long votes) {
    int best = 0;
    Map<String, Double> named = new LinkedHashMap<>();
    for (int k = 0; k < chances.length; k++) {
      best = chances[k] > chances[best] ? k : best;
      named.put(values.get(k), chances[k]);
    }
    return RowFactory.create(
        item,
        values.get(best),
        Math.min(1, chances[best]),
        JavaConverters.mapAsScalaMapConverter(named).asScala(),
        votes);
  }
}
