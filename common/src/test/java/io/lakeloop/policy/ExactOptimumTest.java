package io.lakeloop.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.tokenizer.BpeTrainer;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.Microbatches;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PPO in a world small enough to be solved by hand: one token, reward 1 for ending at once. */
class ExactOptimumTest {
  private static final int VOCAB = 260;
  private static final int END = 1;
  private static final double BETA = 0.1;
  private static final PpoSettings SETTINGS =
      new PpoSettings(
          150,
          256,
          4,
          1,
          0.01,
          LearningRate.Schedule.LINEAR,
          1,
          1,
          BETA,
          0,
          10_000,
          1,
          0.95,
          0.2,
          10,
          0.1,
          0,
          0,
          10);

  @Test
  void ppoReachesTheBestReturnUnderTheKlPenalty(@TempDir Path folder) throws Exception {
    new BpeTrainer(VOCAB).train(List.of("a"), folder);
    LmConfig config = LmConfig.llama(VOCAB, 16, 32, 1, 2, 2, 8);
    List<Double> returns = new ArrayList<>();
    List<Double> firstRatios = new ArrayList<>();
    double best;
    try (Tokenizer tokenizer = Tokenizer.open(folder);
        LocalSession policy = session(config);
        LocalSession reference = session(config)) {
      ChatEncoder encoder = new ChatEncoder(tokenizer, 4, 1);
      best = bestReturn(reference, encoder.prompt("x"));
      new PpoTrainer(policy, reference, new EndsAtOnce(), encoder, SETTINGS, 3)
          .train(
              List.of("x"),
              (step, total, episodes, metrics) -> {
                firstRatios.add(metrics.get("policy/first_ratio"));
                returns.add(metrics.get("score_minus_beta_kl"));
              });
    }
    assertThat(firstRatios).allSatisfy(ratio -> assertThat(ratio).isCloseTo(1, within(1e-5)));
    double reached =
        returns.stream()
            .skip(returns.size() - 20)
            .mapToDouble(Double::doubleValue)
            .average()
            .orElseThrow();
    assertThat(reached / best).as("best %s, by step %s", best, returns).isBetween(0.95, 1.02);
  }

  private static LocalSession session(LmConfig config) {
    return new LocalSession(CausalLm.initialise(config, 1), EngineSettings.plain(256), 1);
  }

  /** The optimum is pi_ref exp(r / beta) / Z, and its return beta log Z. */
  private static double bestReturn(LocalSession reference, int[] prompt) {
    int[] ended = ChatEncoder.join(prompt, new int[] {END}).tokens();
    double end =
        Math.exp(
            reference.evaluate(Microbatches.pad(List.of(ended), Map.of()))
                .logProbs()[0][prompt.length - 1]);
    return BETA * Math.log(end * Math.exp(1 / BETA) + 1 - end);
  }

  private static final class EndsAtOnce implements RewardModel {
    @Override
    public double[] score(List<Exchange> exchanges) {
      return exchanges.stream().mapToDouble(e -> e.completion().isEmpty() ? 1 : 0).toArray();
    }

    @Override
    public double preferenceProbability(double gap) {
      return gap > 0 ? 1 : 0;
    }
  }
}
