package io.lakeloop.algorithm;

import java.util.Map;

/**
 * PPO's clipped policy and value losses (Schulman et al. 2017, <a
 * href="https://arxiv.org/abs/1707.06347">1707.06347</a>):
 *
 * <pre>
 * rho    = exp(clamp(log pi - log pi_old, -20, 20))
 * policy = max(-A rho, -A clip(rho, 1 - eps, 1 + eps))
 * value  = 0.5 max((V - R)^2, (clip(V, V_old - c, V_old + c) - R)^2)
 * loss   = sum w (policy + coefficient * value)
 * </pre>
 *
 * @param clipRange eps, 0.2 in the paper
 * @param valueClipRange c
 * @param valueCoefficient share of the value loss
 */
public record PpoLoss(double clipRange, double valueClipRange, double valueCoefficient)
    implements Loss {
  private static final double MAX_LOG_RATIO = 20;

  @Override
  public boolean readsLogProbs() {
    return true;
  }

  @Override
  public boolean readsValues() {
    return true;
  }

  @Override
  public boolean reads(TokenBatch batch, int b, int t) {
    return batch.input(TokenBatch.WEIGHTS)[b][t] != 0;
  }

  @Override
  public Gradient evaluate(TokenBatch batch, float[][] logProbs, float[][] values) {
    Sums sums = new Sums(batch.size(), logProbs[0].length);
    float[][] weights = batch.input(TokenBatch.WEIGHTS);
    for (int b = 0; b < batch.size(); b++) {
      for (int t = 0; t < batch.lengths()[b]; t++) {
        if (weights[b][t] != 0) {
          addPolicy(batch, sums, b, t, weights[b][t], logProbs[b][t]);
          addValue(batch, sums, b, t, weights[b][t], values[b][t]);
        }
      }
    }
    return new Gradient(
        sums.policy + valueCoefficient * sums.value,
        sums.byLogProb,
        sums.byValue,
        Map.of(
            "loss/policy", sums.policy,
            "loss/value", sums.value,
            "policy/approximate_kl", sums.approximateKl,
            "policy/ratio", sums.ratio,
            "policy/clip_fraction", sums.clipped,
            "value/clip_fraction", sums.valueClipped));
  }

  private static final class Sums {
    private final float[][] byLogProb;
    private final float[][] byValue;
    private double policy;
    private double value;
    private double approximateKl;
    private double ratio;
    private double clipped;
    private double valueClipped;

    private Sums(int rows, int columns) {
      byLogProb = new float[rows][columns];
      byValue = new float[rows][columns];
    }
  }

  private void addPolicy(TokenBatch batch, Sums sums, int b, int t, double w, double logProb) {
    double raw = logProb - batch.input(TokenBatch.OLD_LOG_PROBS)[b][t];
    double logRatio = clamp(raw, -MAX_LOG_RATIO, MAX_LOG_RATIO);
    double ratio = Math.exp(logRatio);
    double advantage = batch.input(TokenBatch.ADVANTAGES)[b][t];
    double plain = -advantage * ratio;
    double clipped = -advantage * clamp(ratio, 1 - clipRange, 1 + clipRange);
    sums.policy += w * Math.max(plain, clipped);
    if (plain >= clipped && logRatio == raw) {
      sums.byLogProb[b][t] = (float) (w * plain);
    }
    sums.clipped += clipped > plain ? w : 0;
    sums.approximateKl += w * (ratio - 1 - logRatio);
    sums.ratio += w * ratio;
  }

  private void addValue(TokenBatch batch, Sums sums, int b, int t, double w, double value) {
    double target = batch.input(TokenBatch.RETURNS)[b][t];
    double old = batch.input(TokenBatch.OLD_VALUES)[b][t];
    double near = clamp(value, old - valueClipRange, old + valueClipRange);
    double plain = (value - target) * (value - target);
    double clipped = (near - target) * (near - target);
    sums.value += w * 0.5 * Math.max(plain, clipped);
    if (plain >= clipped) {
      sums.byValue[b][t] = (float) (w * valueCoefficient * (value - target));
    }
    sums.valueClipped += clipped > plain ? w : 0;
  }

  private static double clamp(double x, double low, double high) {
    return Math.max(low, Math.min(high, x));
  }
}
