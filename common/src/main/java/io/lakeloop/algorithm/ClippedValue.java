package io.lakeloop.algorithm;

import java.io.Serializable;

/**
 * PPO's clipped value loss of one token, as in OpenAI's lm-human-preferences:
 *
 * <pre>loss = 0.5 max((V - R)^2, (clip(V, V_old - c, V_old + c) - R)^2)</pre>
 *
 * @param clipRange c, 0.2 there
 */
public record ClippedValue(double clipRange) implements Serializable {

  /**
   * The loss of a token.
   *
   * @param slope dLoss / dV
   * @param clipped true where the clip decided the loss
   */
  public record Term(double loss, double slope, boolean clipped) {}

  public Term of(double value, double oldValue, double target) {
    double near = Math.max(oldValue - clipRange, Math.min(oldValue + clipRange, value));
    double plain = (value - target) * (value - target);
    double clipped = (near - target) * (near - target);
    return new Term(
        0.5 * Math.max(plain, clipped), plain >= clipped ? value - target : 0, clipped > plain);
  }
}
