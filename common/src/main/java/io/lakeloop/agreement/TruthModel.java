package io.lakeloop.agreement;

import java.io.Serializable;

/**
 * What raters' answers say of the truth, fitted by expectation-maximisation: sums over items, taken
 * block by block in any order, then new parameters from the sums. Deterministic: nothing is drawn.
 *
 * @param <B> a block of items with their labels
 */
public interface TruthModel<B> extends Serializable {

  /** The sums of a block's items under the parameters held; the last cell is the objective. */
  FixedSums expect(B block);

  /** The model with the parameters that the sums of all blocks give. */
  TruthModel<B> maximise(FixedSums sums);

  /** Cells of the sums, the objective's included. */
  int cells();

  /**
   * How likely each answer is to be true.
   *
   * @return by item of the block and category
   */
  double[][] posteriors(B block);

  /** What was maximised: the log-likelihood, with the log of priors where a model has them. */
  default double objective(FixedSums sums) {
    return sums.get(cells() - 1);
  }
}
