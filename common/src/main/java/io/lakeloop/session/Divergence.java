package io.lakeloop.session;

import ai.djl.ndarray.NDScope;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import java.util.List;

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
      throw diverged("%s is %s at step %d", metric, value, step);
    }
    return value;
  }

  /**
   * Returns the value.
   *
   * @throws UserError TRAINING_DIVERGED if it is not finite or greater than the limit
   */
  public static double checkAtMost(double value, double limit, String metric, int step) {
    if (check(value, metric, step) > limit) {
      throw diverged("%s is %.4g at step %d, above its limit of %s", metric, value, step, limit);
    }
    return value;
  }

  /**
   * Looks at what was trained; no loss is computed after the last step that would show it.
   *
   * @throws UserError TRAINING_DIVERGED if a weight is not finite
   */
  public static void checkWeights(CausalLm model) {
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      double norm = Kernels.globalNorm(List.copyOf(model.parameters().values()));
      if (!Double.isFinite(norm)) {
        throw diverged("the norm of the trained weights is %s", norm);
      }
    }
  }

  private static UserError diverged(String what, Object... values) {
    return new UserError(
        ErrorCode.TRAINING_DIVERGED,
        "Cannot go on training: %s. What was committed before is kept; lower the learning rate and"
            + " begin a new run.",
        String.format(java.util.Locale.ROOT, what, values));
  }
}
