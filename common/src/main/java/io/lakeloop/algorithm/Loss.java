package io.lakeloop.algorithm;

import java.io.Serializable;
import java.util.Map;

/**
 * A training loss as a function of what the model says about each position: the log-probability of
 * the target and the scalar head's value. It returns its gradient with respect to both, in plain
 * arrays, so that it is the same on every device and can be checked by hand.
 *
 * <p>Weights in the batch already carry the global normalisation (D21): a loss only ever sums, so
 * that neither sharding nor accumulation changes the gradient.
 */
public interface Loss extends Serializable {
  /** Ends of the names of metrics that are not summed up: the least and the greatest are kept. */
  String MIN = "_min";

  String MAX = "_max";

  /** Adds the metrics of another part of the batch to those of the parts before. */
  static void merge(Map<String, Double> metrics, Map<String, Double> more) {
    more.forEach(
        (name, value) ->
            metrics.merge(
                name,
                value,
                name.endsWith(MIN) ? Math::min : name.endsWith(MAX) ? Math::max : Double::sum));
  }

  /**
   * A loss and its gradient.
   *
   * @param loss the sum over the batch
   * @param byLogProb dLoss/dlogProb (B, T), or null where the loss does not read log-probs
   * @param byValue dLoss/dvalue (B, T), or null where the loss does not read values
   * @param metrics sums by name, to be added up over microbatches
   */
  record Gradient(double loss, float[][] byLogProb, float[][] byValue, Map<String, Double> metrics)
      implements Serializable {}

  /** Rows that belong together, which a microbatch must not part: 2 for pairs. */
  default int rowsPerUnit() {
    return 1;
  }

  /** True if the loss reads log-probs; a session spares the output head otherwise. */
  boolean readsLogProbs();

  /** True if the loss reads the scalar head's values. */
  boolean readsValues();

  /**
   * True if the loss reads the outputs at position t of row b; elsewhere they are not computed, and
   * are 0 where the loss sees them.
   */
  boolean reads(TokenBatch batch, int b, int t);

  /**
   * Evaluates the loss.
   *
   * @param logProbs log-probability of each target (B, T), or null if not read
   * @param values scalar head (B, T), or null if not read
   */
  Gradient evaluate(TokenBatch batch, float[][] logProbs, float[][] values);
}
