package io.lakeloop.feedback.sampling;

import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.table.Messages;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** What reward models say of pairs before anybody labeled them. */
public final class PairScores {
  private static final StructType SCHEMA =
      new StructType()
          .add("scored_item", DataTypes.StringType)
          .add("disagreement", DataTypes.DoubleType)
          .add("informativeness", DataTypes.DoubleType);

  private PairScores() {}

  /**
   * Adds disagreement, the deviation between models of the difference of the two answers' scores,
   * and informativeness, the leverage of the difference of their features under the first model.
   *
   * @param pairs {@link AnswerPairs}
   * @param models one or more; scores of a model have deviation 1 on its reference samples, so that
   *     their differences compare
   * @param most pairs that are scored, first in the drawn order; the others have neither measure
   */
  public static Dataset<Row> add(Dataset<Row> pairs, List<RewardModel> models, int most) {
    List<Row> rows =
        pairs
            .select("item_id", "messages", "prompt", "completion_a", "completion_b", "draw")
            .orderBy("draw", "item_id")
            .limit(most)
            .collectAsList();
    List<Exchange> a = new ArrayList<>();
    List<Exchange> b = new ArrayList<>();
    for (Row row : rows) {
      a.add(new Exchange(Messages.read(row), row.getString(3)));
      b.add(new Exchange(Messages.read(row), row.getString(4)));
    }
    double[][] gaps = new double[models.size()][];
    for (int m = 0; m < gaps.length; m++) {
      gaps[m] = difference(models.get(m).score(a), models.get(m).score(b));
    }
    double[][] features = difference(models.get(0).features(a), models.get(0).features(b));
    double[] leverage = Leverage.of(features);
    List<Row> scores = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      scores.add(RowFactory.create(rows.get(i).getString(0), deviation(gaps, i), leverage[i]));
    }
    Dataset<Row> scored = pairs.sparkSession().createDataFrame(scores, SCHEMA);
    return pairs
        .join(scored, pairs.col("item_id").equalTo(scored.col("scored_item")), "left")
        .drop("scored_item");
  }

  private static double[] difference(double[] a, double[] b) {
    double[] gaps = new double[a.length];
    for (int i = 0; i < gaps.length; i++) {
      gaps[i] = a[i] - b[i];
    }
    return gaps;
  }

  private static double[][] difference(double[][] a, double[][] b) {
    double[][] gaps = new double[a.length][];
    for (int i = 0; i < gaps.length; i++) {
      gaps[i] = difference(a[i], b[i]);
    }
    return gaps;
  }

  private static double deviation(double[][] gaps, int pair) {
    double mean = 0;
    for (double[] model : gaps) {
      mean += model[pair] / gaps.length;
    }
    double variance = 0;
    for (double[] model : gaps) {
      variance += (model[pair] - mean) * (model[pair] - mean) / gaps.length;
    }
    return Math.sqrt(variance);
  }
}
