package io.lakeloop.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Values that the papers' reference implementations give. */
class VectorsTest {
  private static final Offset<Double> EXACT = within(1e-4);

  @Test
  void whiteningDividesByEitherVariance() {
    float[][] bessel = {{1, 2, 3, 4}};
    float[][] population = {{1, 2, 3, 4}};
    boolean[][] mask = {{false, true, true, false}};

    Whitening.whiten(bessel, mask, Whitening.Variance.BESSEL, false);
    Whitening.whiten(population, mask, Whitening.Variance.POPULATION, false);

    assertThat(bessel[0]).containsExactly(new float[] {1, -0.70711f, 0.70711f, 4}, near());
    assertThat(population[0]).containsExactly(new float[] {1, -1, 1, 4}, near());
  }

  @Test
  void rewardWhiteningKeepsTheMean() {
    float[][] values = {{1.2f, 1.3f, 1.4f, 1.5f, 1.6f, 1.7f, 1.8f, 1.9f, 2.0f}};
    boolean[][] mask = {{true, true, true, true, true, true, true, true, true}};

    Whitening.whiten(values, mask, Whitening.Variance.POPULATION, true);

    assertThat((double) values[0][0]).isCloseTo(0.0508, EXACT);
    assertThat((double) values[0][8]).isCloseTo(3.1492, EXACT);
  }

  @Test
  void advantagesForEachLambda() {
    assertThat(advantages(0)).containsExactly(new float[] {1, 1, 2}, near());
    assertThat(advantages(0.95)).containsExactly(new float[] {3.755f, 2.9f, 2}, near());
    assertThat(advantages(1)).containsExactly(new float[] {4, 3, 2}, near());
    assertThat(
            new AdvantageEstimator(1, 0.95)
                .estimate(new float[] {0, 0, 5}, new float[] {1, 2, 3}, all(3))
                .returns())
        .containsExactly(new float[] {4.755f, 4.9f, 5}, near());
  }

  private static float[] advantages(double lambda) {
    return new AdvantageEstimator(1, lambda)
        .estimate(new float[] {0, 0, 5}, new float[] {1, 2, 3}, all(3))
        .advantages();
  }

  @Test
  void advantagesCarryAcrossMaskedGaps() {
    float[] advantages =
        new AdvantageEstimator(0.99, 0.95)
            .estimate(
                new float[] {0, 0, 7, 0, 1},
                new float[] {0.1f, 0.2f, 999, 0.4f, 0.5f},
                new boolean[] {true, true, false, true, true})
            .advantages();

    assertThat(advantages)
        .containsExactly(new float[] {0.782324f, 0.727618f, 0, 0.56525f, 0.5f}, near());
  }

  @Test
  void policyLossIsClippedFromTheSideThatHurts() {
    double loss = 0;
    double[] advantages = {1, -1, 2};
    double[] ratios = {0.5, 1, 1.5};
    for (int i = 0; i < 3; i++) {
      loss += policyLoss(advantages[i], ratios[i]) / 3;
    }
    assertThat(loss).isCloseTo(-0.63333, EXACT);
  }

  private static double policyLoss(double advantage, double ratio) {
    return PolicyLoss.ppo(0.2, 0.2, 0)
        .evaluate(
            ppoBatch(advantage, 0, 0),
            new float[][] {{(float) Math.log(ratio)}},
            new float[][] {{0}})
        .loss();
  }

  @Test
  void valueLossIsClippedAroundTheOldValue() {
    double loss =
        PolicyLoss.ppo(0.2, 0.2, 1)
            .evaluate(ppoBatch(0, 0, 1), new float[][] {{0}}, new float[][] {{0.5f}})
            .loss();
    assertThat(loss).isCloseTo(0.32, EXACT);
  }

  private static TokenBatch ppoBatch(double advantage, double oldValue, double target) {
    return new TokenBatch(
        new int[1][1],
        new int[1][1],
        new int[] {1},
        Map.of(
            TokenBatch.WEIGHTS, one(1),
            TokenBatch.VALUE_WEIGHTS, one(1),
            TokenBatch.ADVANTAGES, one(advantage),
            TokenBatch.OLD_LOG_PROBS, one(0),
            TokenBatch.OLD_VALUES, one(oldValue),
            TokenBatch.RETURNS, one(target)));
  }

  private static float[][] one(double value) {
    return new float[][] {{(float) value}};
  }

  @Test
  void klEstimators() {
    double[] references = {0, -15, -30};
    double[][] expected = {{-1, 0.5, 0.71828}, {14, 98, 13}, {29, 420.5, 28}};
    for (int i = 0; i < 3; i++) {
      assertThat(KlEstimator.K1.of(-1, references[i])).isCloseTo(expected[i][0], EXACT);
      assertThat(KlEstimator.K2.of(-1, references[i])).isCloseTo(expected[i][1], EXACT);
      assertThat(KlEstimator.K3.of(-1, references[i])).isCloseTo(expected[i][2], EXACT);
    }
  }

  @Test
  void betaFollowsTheKl() {
    KlController controller = new KlController(6, 10_000);
    assertThat(controller.next(0.15, 9, 64)).isCloseTo(0.150192, within(1e-6));
    assertThat(controller.next(0.15, 6, 64)).isCloseTo(0.15, within(1e-6));
    assertThat(controller.next(0.15, 3, 64)).isCloseTo(0.149808, within(1e-6));
    assertThat(new KlController(0, 10_000).next(0.15, 9, 64)).isEqualTo(0.15);
  }

  @Test
  void pairLossWithAndWithoutMargin() {
    assertThat(BradleyTerry.pairLoss(1, 1)).isCloseTo(0.313262, EXACT);
    assertThat(BradleyTerry.pairLoss(1 - 0.5, 1)).isCloseTo(0.474077, EXACT);
  }

  @Test
  void tokenMeanDoesNotDependOnSharding() {
    float[][] losses = {{1, 2, 0}, {3, 4, 5}, {7, 0, 0}};
    int[] lengths = {2, 3, 1};
    double whole = crossEntropy(losses, lengths, 6);
    double sharded =
        crossEntropy(new float[][] {losses[0], losses[1]}, new int[] {2, 3}, 6)
            + crossEntropy(new float[][] {losses[2]}, new int[] {1}, 6);
    assertThat(whole).isCloseTo(22.0 / 6, EXACT);
    assertThat(sharded).isCloseTo(22.0 / 6, EXACT);
  }

  @Test
  void rewardWhiteningByBessel() {
    float[][] values = {{1.2f, 1.3f, 1.4f, 1.5f, 1.6f, 1.7f, 1.8f, 1.9f, 2.0f}};
    Whitening.whiten(values, new boolean[][] {all(9)}, Whitening.Variance.BESSEL, true);
    assertThat((double) values[0][0]).isCloseTo(0.1394, EXACT);
    assertThat((double) values[0][8]).isCloseTo(3.0606, EXACT);
  }

  @Test
  void dualClipBoundsTheLossOfBadTokens() {
    ClippedPolicy policy = new ClippedPolicy(0.2, 3);
    double loss = 0;
    double[] advantages = {1, -1, -4};
    double[] ratios = {0.5, 1, 10};
    for (int i = 0; i < 3; i++) {
      loss += policy.of(Math.log(ratios[i]), 0, advantages[i]).loss() / 3;
    }
    assertThat(loss).isCloseTo(4.16667, EXACT);
  }

  @Test
  void logRatiosAreClamped() {
    assertThat(new ClippedPolicy(0.2, 0).of(100, 0, 1).logRatio()).isEqualTo(20);
    assertThat(new ClippedPolicy(0.2, 0).of(-100, 0, -1).logRatio()).isEqualTo(-20);
  }

  @Test
  void marginIsTakenOffTheGap() {
    float[][] margin = {{0.5f}, {0}};
    double loss =
        new BradleyTerry()
            .evaluate(
                new TokenBatch(
                    new int[2][1],
                    new int[2][1],
                    new int[] {1, 1},
                    Map.of(
                        TokenBatch.WEIGHTS, new float[][] {{1}, {0}},
                        TokenBatch.CHOSEN_PROBABILITY, new float[][] {{1}, {0}},
                        TokenBatch.MARGIN, margin)),
                null,
                new float[][] {{1}, {0}})
            .loss();
    assertThat(loss).isCloseTo(0.474077, EXACT);
  }

  @Test
  void dpoOfAGap() {
    DpoLoss dpo = new DpoLoss(DpoLoss.Form.SIGMOID, 0.1, 0);
    assertThat(dpo.pairLoss(1.5, 1)).isCloseTo(0.620957, EXACT);
    // IPO is 0 where the gap is 1 / (2 beta).
    assertThat(new DpoLoss(DpoLoss.Form.IPO, 0.1, 0).pairLoss(5, 1)).isZero();
  }

  @Test
  void groupsAreComparedWithin() {
    double[] rewards = {1, 0, 0, 1};
    double[] grpo = GroupBaseline.GRPO.advantages(rewards);
    double[] rloo = GroupBaseline.RLOO.advantages(rewards);
    double[] reinforce = GroupBaseline.REINFORCE.advantages(rewards);
    for (int i = 0; i < 4; i++) {
      int sign = rewards[i] == 1 ? 1 : -1;
      assertThat(grpo[i]).isCloseTo(sign * 0.866025, EXACT);
      assertThat(rloo[i]).isCloseTo(sign * 0.666667, EXACT);
      assertThat(reinforce[i]).isCloseTo(sign * 0.5, EXACT);
    }
  }

  @Test
  void bestOfNStraysThisFar() {
    assertThat(BestOfN.klBound(4)).isCloseTo(0.636294, EXACT);
    assertThat(BestOfN.klBound(16)).isCloseTo(1.835089, EXACT);
    assertThat(BestOfN.klBound(64)).isCloseTo(3.174508, EXACT);
  }

  @Test
  void temperatureExplainsTheOutcomes() {
    // 3 of 4 right at a logit of 2: the best temperature gives 0.75, whose logit is log 3.
    double fitted = TemperatureScaling.fit(new double[] {2, 2, 2, -2});
    assertThat(fitted).isCloseTo(2 / Math.log(3), EXACT);
  }

  private static double crossEntropy(float[][] losses, int[] lengths, double tokens) {
    int rows = losses.length;
    float[][] logProbs = new float[rows][3];
    float[][] weights = new float[rows][3];
    for (int b = 0; b < rows; b++) {
      for (int t = 0; t < 3; t++) {
        logProbs[b][t] = -losses[b][t];
        weights[b][t] = (float) (1 / tokens);
      }
    }
    return new CrossEntropy()
        .evaluate(
            new TokenBatch(
                new int[rows][3], new int[rows][3], lengths, Map.of(TokenBatch.WEIGHTS, weights)),
            logProbs,
            null)
        .loss();
  }

  private static boolean[] all(int n) {
    boolean[] mask = new boolean[n];
    java.util.Arrays.fill(mask, true);
    return mask;
  }

  private static Offset<Float> near() {
    return within(1e-4f);
  }
}
