package io.lakeloop.reward;

import static org.apache.spark.sql.types.DataTypes.DoubleType;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Fits a linear Bradley-Terry reward with spark-mllib: logistic regression without intercept on the
 * difference of the two answers' features, each pair once either way, weighted by its probability.
 */
public final class LinearRewardTrainer {
  private static final StructType SCHEMA =
      new StructType()
          .add("label", DoubleType)
          .add("weight", DoubleType)
          .add("features", SQLDataTypes.VectorType());

  private final double regularisation;
  private final int iterations;

  /**
   * @param regularisation weight of the squared norm
   * @param iterations of L-BFGS, at most
   */
  public LinearRewardTrainer(double regularisation, int iterations) {
    this.regularisation = regularisation;
    this.iterations = iterations;
  }

  /**
   * @param preferences columns prompt, chosen, rejected, p_chosen, weight
   * @param references pairs whose scores the reward is normalised on
   */
  public LinearReward train(Dataset<Row> preferences, List<PreferencePair> references) {
    Dataset<Row> examples =
        preferences
            .select("prompt", "chosen", "rejected", "p_chosen", "weight")
            .flatMap(
                (FlatMapFunction<Row, Row>) LinearRewardTrainer::examples, Encoders.row(SCHEMA));
    Vector weights =
        new LogisticRegression()
            .setFitIntercept(false)
            .setStandardization(false)
            .setRegParam(regularisation)
            .setMaxIter(iterations)
            .setWeightCol("weight")
            .fit(examples.cache())
            .coefficients();
    examples.unpersist();
    List<Exchange> exchanges = new ArrayList<>();
    for (PreferencePair pair : references) {
      exchanges.add(pair.chosenExchange());
      exchanges.add(pair.rejectedExchange());
    }
    LinearReward raw = new LinearReward(weights.toArray(), Normalisation.none());
    return new LinearReward(weights.toArray(), Normalisation.of(raw.score(exchanges)));
  }

  private static Iterator<Row> examples(Row row) {
    Map<Integer, Double> difference =
        new TreeMap<>(HashedWords.of(new Exchange(row.getString(0), row.getString(1))));
    HashedWords.of(new Exchange(row.getString(0), row.getString(2)))
        .forEach((feature, value) -> difference.merge(feature, -value, Double::sum));
    double p = row.getDouble(3);
    double weight = row.getDouble(4);
    return Stream.of(
            RowFactory.create(1.0, weight * p, vector(difference, 1)),
            RowFactory.create(1.0, weight * (1 - p), vector(difference, -1)),
            RowFactory.create(0.0, weight * p, vector(difference, -1)),
            RowFactory.create(0.0, weight * (1 - p), vector(difference, 1)))
        .iterator();
  }

  private static Vector vector(Map<Integer, Double> features, int sign) {
    int[] indices = features.keySet().stream().mapToInt(Integer::intValue).toArray();
    double[] values = features.values().stream().mapToDouble(v -> sign * v).toArray();
    return Vectors.sparse(HashedWords.FEATURES, indices, values);
  }
}
