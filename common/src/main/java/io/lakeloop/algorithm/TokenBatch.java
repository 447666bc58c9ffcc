package io.lakeloop.algorithm;

import java.io.Serializable;
import java.util.Map;

/**
 * Right-padded sequences with their loss inputs as named per-token arrays.
 *
 * <p>Row b has {@code lengths[b]} real positions; at position t the model has read {@code
 * tokens[b][0..t]} and is asked for {@code targets[b][t]}. Every named array has the shape of
 * {@code tokens}; what lies beyond a row's length is ignored.
 *
 * @param tokens ids read (B, T)
 * @param targets ids to be predicted (B, T)
 * @param lengths real positions of each row (B)
 * @param inputs loss inputs by name, each (B, T)
 */
public record TokenBatch(
    int[][] tokens, int[][] targets, int[] lengths, Map<String, float[][]> inputs)
    implements Serializable {

  /** Names of the loss inputs, as the field has them. */
  public static final String WEIGHTS = "weights";

  public static final String ADVANTAGES = "advantages";
  public static final String OLD_LOG_PROBS = "old_log_probs";
  public static final String OLD_VALUES = "old_values";
  public static final String RETURNS = "returns";
  public static final String REF_LOG_PROBS = "ref_log_probs";
  public static final String VALUE_WEIGHTS = "value_weights";
  public static final String IMPORTANCE_WEIGHTS = "importance_weights";
  public static final String MASK = "mask";
  public static final String MARGIN = "margin";
  public static final String CHOSEN_PROBABILITY = "chosen_probability";

  public int size() {
    return tokens.length;
  }

  /**
   * @throws IllegalArgumentException if the batch carries no input of that name
   */
  public float[][] input(String name) {
    float[][] values = inputs.get(name);
    if (values == null) {
      throw new IllegalArgumentException(
          "The loss needs the input '" + name + "'; the batch has " + inputs.keySet() + ".");
    }
    return values;
  }
}
