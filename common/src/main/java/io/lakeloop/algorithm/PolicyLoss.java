package io.lakeloop.algorithm;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The loss of every online method:
 *
 * <pre>
 * loss = sum w (u * policy + beta * KL(pi || ref)) + coefficient * sum w_v value
 * </pre>
 *
 * PPO has a value share and its KL in the reward; GRPO (Shao et al. 2024, <a
 * href="https://arxiv.org/abs/2402.03300">2402.03300</a>) has no value share and its KL here; RLOO
 * and REINFORCE have neither. Where nothing is updated between sampling and loss the ratio is 1 and
 * its gradient that of REINFORCE (Williams 1992).
 *
 * <p>The weights w and w_v come with the batch, and with them the normalisation; u is 1, or the
 * truncated importance weight of a token that was sampled under other numbers than it is trained
 * with (Yao et al. 2025, <a href="https://fengyao.notion.site/off-policy-rl">TIS</a>).
 *
 * @param value null for methods without a value model
 * @param valueCoefficient share of the value loss
 * @param kl null where the KL stands in the reward
 * @param klCoefficient beta of the KL that stands here
 */
public record PolicyLoss(
    ClippedPolicy policy,
    ClippedValue value,
    double valueCoefficient,
    KlEstimator kl,
    double klCoefficient)
    implements Loss {

  /** PPO's loss without its options. */
  public static PolicyLoss ppo(double clipRange, double valueClipRange, double valueCoefficient) {
    return new PolicyLoss(
        new ClippedPolicy(clipRange, 0),
        new ClippedValue(valueClipRange),
        valueCoefficient,
        null,
        0);
  }

  @Override
  public boolean readsLogProbs() {
    return true;
  }

  @Override
  public boolean readsValues() {
    return value != null;
  }

  @Override
  public boolean reads(TokenBatch batch, int b, int t) {
    return batch.input(TokenBatch.WEIGHTS)[b][t] != 0
        || (value != null && batch.input(TokenBatch.VALUE_WEIGHTS)[b][t] != 0);
  }

  @Override
  public Gradient evaluate(TokenBatch batch, float[][] logProbs, float[][] values) {
    Sums sums = new Sums(batch.size(), logProbs[0].length, value != null);
    for (int b = 0; b < batch.size(); b++) {
      for (int t = 0; t < batch.lengths()[b]; t++) {
        addPolicy(batch, sums, b, t, logProbs[b][t]);
        if (value != null) {
          addValue(batch, sums, b, t, values[b][t]);
        }
      }
    }
    return new Gradient(
        sums.loss, sums.byLogProb, value == null ? null : sums.byValue, sums.metrics());
  }

  private void addPolicy(TokenBatch batch, Sums sums, int b, int t, double logProb) {
    double w = batch.input(TokenBatch.WEIGHTS)[b][t];
    if (w == 0) {
      return;
    }
    ClippedPolicy.Term term =
        policy.of(
            logProb,
            batch.input(TokenBatch.OLD_LOG_PROBS)[b][t],
            batch.input(TokenBatch.ADVANTAGES)[b][t]);
    float[][] importance = batch.inputs().get(TokenBatch.IMPORTANCE_WEIGHTS);
    double u = importance == null ? 1 : importance[b][t];
    double slope = u * term.slope();
    sums.loss += w * u * term.loss();
    sums.policy += w * u * term.loss();
    if (kl != null) {
      double reference = batch.input(TokenBatch.REF_LOG_PROBS)[b][t];
      sums.loss += w * klCoefficient * kl.of(logProb, reference);
      sums.kl += w * kl.of(logProb, reference);
      slope += klCoefficient * kl.slope(logProb, reference);
    }
    sums.byLogProb[b][t] = (float) (w * slope);
    sums.add(w, term);
  }

  private void addValue(TokenBatch batch, Sums sums, int b, int t, double v) {
    double w = batch.input(TokenBatch.VALUE_WEIGHTS)[b][t];
    if (w == 0) {
      return;
    }
    ClippedValue.Term term =
        value.of(
            v, batch.input(TokenBatch.OLD_VALUES)[b][t], batch.input(TokenBatch.RETURNS)[b][t]);
    sums.loss += w * valueCoefficient * term.loss();
    sums.value += w * term.loss();
    sums.byValue[b][t] = (float) (w * valueCoefficient * term.slope());
    sums.valueClipped += term.clipped() ? w : 0;
  }

  private static final class Sums {
    private final boolean readsValues;
    private final float[][] byLogProb;
    private final float[][] byValue;
    private double loss;
    private double policy;
    private double value;
    private double kl;
    private double approximateKl;
    private double ratio;
    private double squaredRatio;
    private double leastRatio = Double.POSITIVE_INFINITY;
    private double greatestRatio = Double.NEGATIVE_INFINITY;
    private double clipped;
    private double valueClipped;

    private Sums(int rows, int columns, boolean readsValues) {
      this.readsValues = readsValues;
      byLogProb = new float[rows][columns];
      byValue = readsValues ? new float[rows][columns] : null;
    }

    private void add(double w, ClippedPolicy.Term term) {
      approximateKl += w * (term.ratio() - 1 - term.logRatio());
      ratio += w * term.ratio();
      squaredRatio += w * term.ratio() * term.ratio();
      leastRatio = Math.min(leastRatio, term.ratio());
      greatestRatio = Math.max(greatestRatio, term.ratio());
      clipped += term.clipped() ? w : 0;
    }

    private Map<String, Double> metrics() {
      Map<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("loss/policy", policy);
      metrics.put("policy/approximate_kl", approximateKl);
      metrics.put("policy/ratio", ratio);
      metrics.put("policy/ratio_squared", squaredRatio);
      metrics.put("policy/ratio" + Loss.MIN, leastRatio);
      metrics.put("policy/ratio" + Loss.MAX, greatestRatio);
      metrics.put("policy/clip_fraction", clipped);
      metrics.put("loss/kl", kl);
      if (readsValues) {
        metrics.put("loss/value", value);
        metrics.put("value/clip_fraction", valueClipped);
      }
      return metrics;
    }
  }
}
