package io.lakeloop.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.chat.Conversation;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.reward.Exchange;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.Phases;
import io.lakeloop.session.TrainingSession;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A world that is solved by enumeration: 8 tokens, answers of at most 4, so that every answer's
 * chance and reward are known. The best policy under the KL penalty is pi_ref exp(r / beta) / Z,
 * and its return beta log Z.
 */
class ExactOptimumTest {
  private static final int LENGTH = 4;
  private static final double BETA = 0.2;
  private static final List<String> WORDS = List.of("q", "a", "b", "c", "d", "e", "f");
  private static final LmConfig MODEL = LmConfig.llama(8, 32, 64, 2, 2, 2, 8);

  /** Worth of an answer: a counts for it, b against it, and c only at its end. */
  private static double worth(String answer, boolean ended) {
    if (!ended) {
      return 0;
    }
    double worth = 0;
    List<String> words = answer.isEmpty() ? List.of() : Arrays.asList(answer.split(" "));
    for (String word : words) {
      worth += word.equals("a") ? 0.5 : word.equals("b") ? -1 : 0;
    }
    return worth + (!words.isEmpty() && words.get(words.size() - 1).equals("c") ? 1 : 0);
  }

  @ParameterizedTest
  @EnumSource(names = {"PPO", "RLOO", "REINFORCE"})
  void theBestReturnIsReached(PolicySettings.Method method, @TempDir Path folder) throws Exception {
    WordTokenizer.write(folder, WORDS);
    List<Double> curve = new ArrayList<>();
    double reached;
    double best;
    try (Tokenizer tokenizer = Tokenizer.open(folder);
        LocalSession policy = session();
        LocalSession reference = session()) {
      ChatEncoder encoder = new ChatEncoder(tokenizer, 2, LENGTH);
      Enumeration world = new Enumeration(encoder, reference);
      best = world.best();
      PolicySettings settings = Settings.of(method, 140, 32, 8, BETA, 0.01);
      new PolicyTrainer(
              new PolicyTrainer.Roles(
                  policy,
                  reference,
                  exchanges ->
                      exchanges.stream()
                          .map(Exchange::completion)
                          .mapToDouble(answer -> worth(answer, true))
                          .toArray(),
                  new Phases()),
              encoder,
              settings,
              3)
          .train(
              PolicyTrainer.State.begin(settings),
              List.of(Conversation.of("q")),
              null,
              (after, trajectories, metrics) -> curve.add(metrics.get("score_minus_beta_kl")));
      reached = world.returnOf(policy);
    }
    // 0.949 to 0.972 where tried: kernels of other processors round otherwise, and draws part ways.
    assertThat(reached / best)
        .as("best %s, reached %s, by step %s", best, reached, curve)
        .isBetween(0.93, 1 + 1e-4);
  }

  private static LocalSession session() {
    return new LocalSession(CausalLm.initialise(MODEL, 1), EngineSettings.plain(256), 1);
  }

  /** Every answer that can be drawn. */
  private static final class Enumeration {
    private final List<ChatEncoder.Sequence> answers = new ArrayList<>();
    private final List<Double> worths = new ArrayList<>();
    private final double[] reference;

    private Enumeration(ChatEncoder encoder, LocalSession reference) {
      add(encoder, new int[0]);
      this.reference = logProbs(reference);
      assertThat(Arrays.stream(this.reference).map(Math::exp).sum())
          .isCloseTo(1, org.assertj.core.api.Assertions.within(1e-4));
    }

    private void add(ChatEncoder encoder, int[] drawn) {
      int[] prompt = encoder.prompt("q");
      for (int token = 0; token < 8; token++) {
        int[] more = Arrays.copyOf(drawn, drawn.length + 1);
        more[drawn.length] = token;
        if (token == 0 || more.length == LENGTH) {
          answers.add(ChatEncoder.join(prompt, more));
          worths.add(worth(encoder.tokenizer().decode(more), token == 0));
        } else {
          add(encoder, more);
        }
      }
    }

    private double[] logProbs(TrainingSession session) {
      float[][] each = session.evaluate(Rollout.masked(answers)).logProbs();
      return Arrays.stream(each)
          .mapToDouble(row -> IntStream.range(0, row.length).mapToDouble(t -> row[t]).sum())
          .toArray();
    }

    private double best() {
      double z = 0;
      for (int i = 0; i < reference.length; i++) {
        z += Math.exp(reference[i] + worths.get(i) / BETA);
      }
      return BETA * Math.log(z);
    }

    private double returnOf(TrainingSession policy) {
      double[] own = logProbs(policy);
      double sum = 0;
      for (int i = 0; i < own.length; i++) {
        sum += Math.exp(own[i]) * (worths.get(i) - BETA * (own[i] - reference[i]));
      }
      return sum;
    }
  }
}
