package io.lakeloop.reward;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.sampling.Leverage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * How fast a linear reward model learns from labels that were chosen in one way or another. Lengths
 * are balanced first, in what is chosen from and in what is held out: as many pairs whose better
 * answer is longer as pairs whose better answer is shorter, so that length tells nothing.
 */
public final class LabelEfficiency {
  /** Ways to choose what is labeled next. */
  public enum Choice {
    /** In a drawn order. */
    RANDOM,
    /** By chance, with probabilities that grow with leverage, as sample-for-labeling's boost. */
    LEVERAGE,
    /** One after the other, each the pair that tells most beyond those before it. */
    D_OPTIMAL
  }

  private static final StructType SCHEMA =
      new StructType()
          .add("prompt", DataTypes.StringType)
          .add("chosen", DataTypes.StringType)
          .add("rejected", DataTypes.StringType)
          .add("p_chosen", DataTypes.DoubleType)
          .add("weight", DataTypes.DoubleType);

  private final SparkSession spark;
  private final LinearRewardTrainer trainer;
  private final List<PreferencePair> pool;
  private final List<PreferencePair> test;
  private final double[][] features;
  private final double[] leverage;
  private final int[] greedy;

  /**
   * @param most labels that will be asked for
   * @throws UserError DATA_EMPTY if the better answers of one split are all longer, or all shorter
   */
  public LabelEfficiency(
      SparkSession spark,
      LinearRewardTrainer trainer,
      List<PreferencePair> pool,
      List<PreferencePair> test,
      int most) {
    this.spark = spark;
    this.trainer = trainer;
    this.pool = balanced(pool, "train");
    this.test = balanced(test, "test");
    this.features =
        this.pool.stream()
            .map(
                pair -> {
                  double[] chosen = HashedWords.projected(pair.chosenExchange());
                  double[] rejected = HashedWords.projected(pair.rejectedExchange());
                  for (int d = 0; d < chosen.length; d++) {
                    chosen[d] -= rejected[d];
                  }
                  return chosen;
                })
            .toArray(double[][]::new);
    this.leverage = Leverage.of(features);
    this.greedy = Leverage.greedy(features, most);
  }

  /** Pairs to choose from and pairs held out. */
  public int[] sizes() {
    return new int[] {pool.size(), test.size()};
  }

  private static List<PreferencePair> balanced(List<PreferencePair> pairs, String split) {
    List<PreferencePair> longer =
        pairs.stream().filter(p -> p.chosen().length() > p.rejected().length()).toList();
    List<PreferencePair> shorter =
        pairs.stream().filter(p -> p.chosen().length() < p.rejected().length()).toList();
    int each = Math.min(longer.size(), shorter.size());
    if (each == 0) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot balance lengths: of the %d pairs of split %s the chosen answer is longer in %d and"
              + " shorter in %d, and both are needed. Choose a snapshot that has both.",
          pairs.size(),
          split,
          longer.size(),
          shorter.size());
    }
    List<PreferencePair> balanced = new ArrayList<>(longer.subList(0, each));
    balanced.addAll(shorter.subList(0, each));
    return balanced;
  }

  /** Accuracy on the held-out pairs after training on so many labels. */
  public double accuracy(Choice choice, int labels, long seed) {
    int[] order =
        switch (choice) {
          case RANDOM -> CounterRandom.permutation(pool.size(), seed, 1);
          case LEVERAGE -> byLeverage(seed);
          case D_OPTIMAL -> greedy;
        };
    List<PreferencePair> labeled = IntStream.of(order).limit(labels).mapToObj(pool::get).toList();
    List<Row> rows =
        labeled.stream()
            .map(
                p ->
                    RowFactory.create(
                        p.before().prompt(), p.chosen(), p.rejected(), p.probability(), 1.0))
            .toList();
    Dataset<Row> examples = spark.createDataFrame(rows, SCHEMA).coalesce(1);
    LinearReward reward = trainer.train(examples, labeled);
    double[] better = reward.score(test.stream().map(PreferencePair::chosenExchange).toList());
    double[] worse = reward.score(test.stream().map(PreferencePair::rejectedExchange).toList());
    return IntStream.range(0, test.size())
        .mapToDouble(i -> better[i] > worse[i] ? 1 : better[i] == worse[i] ? 0.5 : 0)
        .average()
        .orElseThrow();
  }

  /** The order of exponential draws with these rates: sampling without replacement by leverage. */
  private int[] byLeverage(long seed) {
    double[] keys = new double[pool.size()];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = -Math.log(1 - CounterRandom.uniform(seed, 2, i)) / leverage[i];
    }
    return IntStream.range(0, keys.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> keys[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
