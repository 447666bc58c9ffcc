package io.lakeloop.algorithm;

import java.util.Map;

/**
 * Pairwise preference loss (Bradley and Terry 1952; for reward models Ouyang et al. 2022, <a
 * href="https://arxiv.org/abs/2203.02155">2203.02155</a>), with a soft label p in place of a
 * certain one:
 *
 * <pre>
 * loss = -w * (p log sigmoid(d) + (1 - p) log sigmoid(-d)),  d = r_chosen - r_rejected - margin
 * </pre>
 *
 * Rows 2i and 2i+1 are the chosen and the rejected completion of pair i; the reward is the scalar
 * head's value at the last real position (D7). Weight, p and margin are read at position 0 of the
 * chosen row.
 */
public record BradleyTerry() implements Loss {
  @Override
  public int rowsPerUnit() {
    return 2;
  }

  @Override
  public boolean readsLogProbs() {
    return false;
  }

  @Override
  public boolean readsValues() {
    return true;
  }

  @Override
  public boolean reads(TokenBatch batch, int b, int t) {
    return t == batch.lengths()[b] - 1;
  }

  @Override
  public Gradient evaluate(TokenBatch batch, float[][] logProbs, float[][] values) {
    float[][] weights = batch.input(TokenBatch.WEIGHTS);
    float[][] probabilities = batch.input(TokenBatch.CHOSEN_PROBABILITY);
    float[][] margins = batch.input(TokenBatch.MARGIN);
    float[][] gradient = new float[batch.size()][values[0].length];
    double loss = 0;
    double correct = 0;
    for (int chosen = 0; chosen < batch.size(); chosen += 2) {
      int rejected = chosen + 1;
      int chosenEnd = batch.lengths()[chosen] - 1;
      int rejectedEnd = batch.lengths()[rejected] - 1;
      double difference = values[chosen][chosenEnd] - values[rejected][rejectedEnd];
      double gap = difference - margins[chosen][0];
      double weight = weights[chosen][0];
      double p = probabilities[chosen][0];
      loss += weight * pairLoss(gap, p);
      double byGap = weight * (sigmoid(gap) - p);
      gradient[chosen][chosenEnd] += (float) byGap;
      gradient[rejected][rejectedEnd] -= (float) byGap;
      correct += difference > 0 ? 1 : difference == 0 ? 0.5 : 0;
    }
    return new Gradient(loss, null, gradient, Map.of("correct", correct));
  }

  /** Loss of one pair whose rewards (margin taken off) differ by {@code gap}, label {@code p}. */
  public static double pairLoss(double gap, double p) {
    return p * softplus(-gap) + (1 - p) * softplus(gap);
  }

  public static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
