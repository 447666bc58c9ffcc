package io.lakeloop.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.chat.Conversation;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.reward.Exchange;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.Phases;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random walks, as in trlx: a model that has read random walks on a graph learns to walk the
 * shortest way. 21 nodes, walks of at most 10 nodes towards node 0; an answer is worth the shortest
 * length over its own, and nothing where it makes a move that the graph has not or never arrives.
 */
class RandomWalksTest {
  private static final int NODES = 21;
  private static final int LONGEST = 10;
  private static final long SEED = 1002;

  private final boolean[][] edges = new boolean[NODES][NODES];
  private final int[] shortest = new int[NODES];

  RandomWalksTest() {
    for (int from = 0; from < NODES; from++) {
      for (int to = 0; to < NODES; to++) {
        edges[from][to] = from != to && CounterRandom.uniform(SEED, from, to) < 0.1;
      }
      int sure = (from + 1 + CounterRandom.below(NODES - 1, SEED, 77, from)) % NODES;
      edges[from][sure] = true;
    }
    Arrays.fill(shortest, -1);
    shortest[0] = 1;
    Deque<Integer> reached = new ArrayDeque<>(List.of(0));
    while (!reached.isEmpty()) {
      int to = reached.poll();
      for (int from = 0; from < NODES; from++) {
        if (edges[from][to] && shortest[from] < 0) {
          shortest[from] = shortest[to] + 1;
          reached.add(from);
        }
      }
    }
  }

  private static String word(int node) {
    return "n" + node;
  }

  private List<Integer> starts() {
    return IntStream.range(1, NODES)
        .filter(node -> shortest[node] > 0 && shortest[node] <= LONGEST)
        .boxed()
        .toList();
  }

  private double optimality(String start, String answer) {
    int at = Integer.parseInt(start.substring(1));
    int best = shortest[at];
    int taken = 1;
    for (String step : answer.isEmpty() ? new String[0] : answer.split(" ")) {
      int to = Integer.parseInt(step.substring(1));
      if (!edges[at][to] || at == 0) {
        return 0;
      }
      at = to;
      taken++;
    }
    return at == 0 ? (double) best / taken : 0;
  }

  /** A walk that takes any edge, until it arrives or is as long as walks may be. */
  private String walk(int start, long number) {
    List<String> steps = new ArrayList<>();
    int at = start;
    while (at != 0 && steps.size() + 1 < LONGEST) {
      int here = at;
      int[] next = IntStream.range(0, NODES).filter(to -> edges[here][to]).toArray();
      at = next[CounterRandom.below(next.length, SEED, number, steps.size())];
      steps.add(word(at));
    }
    return String.join(" ", steps);
  }

  @ParameterizedTest
  @EnumSource(names = {"PPO", "GRPO"})
  void theShortestWayIsLearned(PolicySettings.Method method, @TempDir Path folder)
      throws Exception {
    WordTokenizer.write(folder, IntStream.range(0, NODES).mapToObj(RandomWalksTest::word).toList());
    LmConfig config = LmConfig.llama(NODES + 1, 64, 128, 2, 4, 4, LONGEST + 2);
    List<Double> curve = new ArrayList<>();
    double before;
    double after;
    try (Tokenizer tokenizer = Tokenizer.open(folder);
        LocalSession policy = session(config);
        LocalSession reference = session(config)) {
      ChatEncoder encoder = new ChatEncoder(tokenizer, 1, LONGEST);
      List<SftTrainer.Example> walks = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        int start = 1 + CounterRandom.below(NODES - 1, SEED, 99, i);
        walks.add(SftTrainer.Example.of(encoder.sequence(word(start), walk(start, i))));
      }
      for (LocalSession session : List.of(policy, reference)) {
        new SftTrainer(
                session,
                new SftTrainer.Settings(20, 50, 0.003, LearningRate.Schedule.LINEAR, 0, 0.01, 1),
                5)
            .train(walks, (step, total, metrics) -> {});
        session.endTraining();
      }
      PolicySettings settings = Settings.of(method, 50, starts().size(), 8, 0.01, 0.002);
      new PolicyTrainer(
              new PolicyTrainer.Roles(
                  policy,
                  reference,
                  exchanges ->
                      exchanges.stream()
                          .mapToDouble(
                              (Exchange e) -> optimality(e.before().prompt(), e.completion()))
                          .toArray(),
                  new Phases()),
              encoder,
              settings,
              3)
          .train(
              PolicyTrainer.State.begin(settings),
              starts().stream().map(RandomWalksTest::word).map(Conversation::of).toList(),
              null,
              (state, trajectories, metrics) -> curve.add(metrics.get("score")));
      before = curve.get(0);
      after =
          curve.subList(curve.size() - 5, curve.size()).stream()
              .mapToDouble(Double::doubleValue)
              .average()
              .orElseThrow();
    }
    assertThat(before).as("optimality of random walks, by step %s", curve).isBetween(0.2, 0.5);
    assertThat(after).as("optimality by step %s", curve).isGreaterThanOrEqualTo(0.90);
  }

  private static LocalSession session(LmConfig config) {
    return new LocalSession(CausalLm.initialise(config, 1), EngineSettings.plain(256), 1);
  }
}
