package io.lakeloop.session;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;

/** Stops a training that has left the finite numbers, before its weights are published. */
public final class Divergence {
  private Divergence() {}

  /**
   * Returns the value.
   *
   * @throws UserError TRAINING_DIVERGED if it is not finite
   */
  public static double check(double value, String metric, int step) {
    if (!Double.isFinite(value)) {
      throw new UserError(
          ErrorCode.TRAINING_DIVERGED,
          "Cannot go on training: %s is %s at step %d. Lower the learning rate.",
          metric,
          value,
          step);
    }
    return value;
  }
}
