package io.lakeloop.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each loss's gradient against central differences of its own value. */
class LossGradientTest {
  private static final int ROWS = 4;
  private static final int LENGTH = 5;
  private static final float STEP = 1e-2f;

  static Stream<Loss> losses() {
    return Stream.of(
        new CrossEntropy(),
        new BradleyTerry(),
        PolicyLoss.ppo(0.2, 0.2, 0.1),
        new PolicyLoss(new ClippedPolicy(0.2, 3), null, 0, KlEstimator.K3, 0.3),
        new PolicyLoss(new ClippedPolicy(0.2, 0), null, 0, KlEstimator.K2, 0.3),
        new DpoLoss(DpoLoss.Form.SIGMOID, 0.3, 0.1),
        new DpoLoss(DpoLoss.Form.IPO, 0.7, 0));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void gradientIsTheSlope(Loss loss) {
    TokenBatch batch = batch();
    float[][] logProbs = random("log-probs", -1, 0.5);
    float[][] values = random("values", 0, 1);
    Loss.Gradient gradient = loss.evaluate(batch, logProbs, values);
    for (int b = 0; b < ROWS; b++) {
      for (int t = 0; t < LENGTH; t++) {
        if (gradient.byLogProb() != null) {
          assertThat((double) gradient.byLogProb()[b][t])
              .isCloseTo(slope(loss, batch, logProbs, values, logProbs, b, t), within(2e-3));
        }
        if (gradient.byValue() != null) {
          assertThat((double) gradient.byValue()[b][t])
              .isCloseTo(slope(loss, batch, logProbs, values, values, b, t), within(2e-3));
        }
      }
    }
  }

  private static double slope(
      Loss loss,
      TokenBatch batch,
      float[][] logProbs,
      float[][] values,
      float[][] moved,
      int b,
      int t) {
    float at = moved[b][t];
    moved[b][t] = at + STEP;
    double above = loss.evaluate(batch, logProbs, values).loss();
    moved[b][t] = at - STEP;
    double below = loss.evaluate(batch, logProbs, values).loss();
    moved[b][t] = at;
    return (above - below) / (2 * STEP);
  }

  private static TokenBatch batch() {
    Map<String, float[][]> inputs = new HashMap<>();
    inputs.put(TokenBatch.WEIGHTS, random("weights", 0.3, 0.05));
    inputs.put(TokenBatch.ADVANTAGES, random("advantages", 0, 1));
    inputs.put(TokenBatch.RETURNS, random("returns", 0, 1));
    inputs.put(TokenBatch.OLD_VALUES, random("old-values", 0, 1));
    inputs.put(TokenBatch.OLD_LOG_PROBS, random("old-log-probs", -1, 0.5));
    inputs.put(TokenBatch.VALUE_WEIGHTS, random("value-weights", 0.3, 0.05));
    inputs.put(TokenBatch.REF_LOG_PROBS, random("ref-log-probs", -1, 0.5));
    inputs.put(TokenBatch.IMPORTANCE_WEIGHTS, random("importance", 1, 0.2));
    inputs.put(TokenBatch.MASK, random("mask", 1, 0));
    inputs.put(TokenBatch.MARGIN, random("margin", 0.5, 0.2));
    inputs.put(TokenBatch.CHOSEN_PROBABILITY, random("probability", 0.8, 0.05));
    return new TokenBatch(
        new int[ROWS][LENGTH], new int[ROWS][LENGTH], new int[] {5, 4, 3, 5}, inputs);
  }

  private static float[][] random(String name, double mean, double deviation) {
    float[][] values = new float[ROWS][LENGTH];
    for (int b = 0; b < ROWS; b++) {
      for (int t = 0; t < LENGTH; t++) {
        values[b][t] =
            (float) (mean + deviation * CounterRandom.gaussian(3, name.hashCode(), b, t));
      }
    }
    return values;
  }
}
