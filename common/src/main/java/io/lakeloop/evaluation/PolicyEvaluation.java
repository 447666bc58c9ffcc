package io.lakeloop.evaluation;

import io.lakeloop.algorithm.Bootstrap;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.chat.Conversation;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.session.Microbatches;
import io.lakeloop.session.TrainingSession;
import io.lakeloop.text.SafetyFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Lets two policies answer the same prompts and compares the answers. Intervals are bootstrapped
 * over prompts, since answers to one prompt are not independent.
 */
public final class PolicyEvaluation {
  private static final int ANSWERED_AT_ONCE = 64;

  private final TrainingSession policy;
  private final TrainingSession opponent;
  private final RewardModel reward;
  private final Judge judge;
  private final ChatEncoder encoder;
  private final double temperature;
  private final long seed;

  public PolicyEvaluation(
      TrainingSession policy,
      TrainingSession opponent,
      RewardModel reward,
      Judge judge,
      ChatEncoder encoder,
      double temperature,
      long seed) {
    this.policy = policy;
    this.opponent = opponent;
    this.reward = reward;
    this.judge = judge;
    this.encoder = encoder;
    this.temperature = temperature;
    this.seed = seed;
  }

  /** Told how many comparisons have been made. */
  @FunctionalInterface
  public interface Compared {
    void comparisons(int done, int total);
  }

  /** Compares {@code samples} answers to each prompt. */
  public List<Comparison> compare(List<Conversation> prompts, int samples, Compared compared) {
    List<Comparison> comparisons = new ArrayList<>();
    int total = Math.multiplyExact(prompts.size(), samples);
    for (int from = 0; from < total; from += ANSWERED_AT_ONCE) {
      int to = Math.min(total, from + ANSWERED_AT_ONCE);
      int[] places = IntStream.range(from, to).toArray();
      comparisons.addAll(compare(prompts, samples, places));
      compared.comparisons(to, total);
    }
    return comparisons;
  }

  private List<Comparison> compare(List<Conversation> prompts, int samples, int[] places) {
    List<Conversation> asked =
        IntStream.of(places).mapToObj(place -> prompts.get(place / samples)).toList();
    List<Generator.Completion> mine = answers(policy, asked, places, 0);
    List<Generator.Completion> theirs = answers(opponent, asked, places, 1);
    List<ChatEncoder.Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < places.length; i++) {
      sequences.add(ChatEncoder.join(encoder.prompt(asked.get(i)), mine.get(i).tokens()));
    }
    double[] kl = kl(sequences);
    double[] scores = reward.score(exchanges(asked, mine));
    double[] opponentScores = reward.score(exchanges(asked, theirs));
    List<Comparison> comparisons = new ArrayList<>();
    for (int i = 0; i < places.length; i++) {
      String answer = text(mine.get(i));
      String other = text(theirs.get(i));
      comparisons.add(
          new Comparison(
              places[i] / samples,
              places[i] % samples,
              asked.get(i),
              answer,
              other,
              judge.score(asked.get(i).prompt(), answer),
              judge.score(asked.get(i).prompt(), other),
              scores[i],
              opponentScores[i],
              kl[i],
              mine.get(i).tokens().length));
    }
    return comparisons;
  }

  private List<Generator.Completion> answers(
      TrainingSession session, List<Conversation> asked, int[] places, int side) {
    List<Generator.Request> requests = new ArrayList<>();
    for (int i = 0; i < places.length; i++) {
      requests.add(
          new Generator.Request(
              encoder.prompt(asked.get(i)), CounterRandom.bits(seed, places[i], side)));
    }
    return session.sample(
        requests,
        Generator.Settings.whole(
            encoder.maxCompletionTokens(), temperature, encoder.tokenizer().specialTokens()));
  }

  private double[] kl(List<ChatEncoder.Sequence> sequences) {
    var batch =
        Microbatches.pad(sequences.stream().map(ChatEncoder.Sequence::tokens).toList(), Map.of());
    float[][] log = policy.evaluate(batch).logProbs();
    float[][] reference = opponent.evaluate(batch).logProbs();
    double[] kl = new double[sequences.size()];
    for (int b = 0; b < kl.length; b++) {
      int end = sequences.get(b).tokens().length - 1;
      for (int t = sequences.get(b).promptTokens() - 1; t < end; t++) {
        kl[b] += log[b][t] - reference[b][t];
      }
    }
    return kl;
  }

  private List<Exchange> exchanges(List<Conversation> asked, List<Generator.Completion> answers) {
    return IntStream.range(0, asked.size())
        .mapToObj(i -> new Exchange(asked.get(i), text(answers.get(i))))
        .toList();
  }

  private String text(Generator.Completion completion) {
    return encoder.tokenizer().decode(completion.tokens());
  }

  /**
   * Sums comparisons up: {@code win_rate} (ties half), {@code judge_score} and {@code reward} of
   * both, {@code safety_violation_rate} of both, {@code kl} per answer, {@code
   * completions/mean_length}, {@code reward_judge_correlation} (Pearson, over all answers).
   */
  public static List<Metric> metrics(List<Comparison> comparisons, long seed) {
    Summary summary = new Summary(comparisons, seed);
    summary.mean("win_rate", Comparison::points);
    summary.mean("judge_score", Comparison::score);
    summary.mean("opponent_judge_score", Comparison::opponentScore);
    summary.mean("reward", Comparison::rewardScore);
    summary.mean("opponent_reward", Comparison::opponentRewardScore);
    summary.share("safety_violation_rate", c -> SafetyFilter.violates(c.completion()));
    summary.share(
        "opponent_safety_violation_rate", c -> SafetyFilter.violates(c.opponentCompletion()));
    summary.mean("kl", Comparison::kl);
    summary.mean("completions/mean_length", Comparison::tokens);
    summary.add("reward_judge_correlation", drawn -> correlation(summary.rows(drawn)));
    return summary.metrics;
  }

  private static final class Summary {
    private final List<List<Comparison>> byPrompt;
    private final int rows;
    private final long seed;
    private final List<Metric> metrics = new ArrayList<>();

    private Summary(List<Comparison> comparisons, long seed) {
      this.byPrompt =
          List.copyOf(
              comparisons.stream()
                  .collect(
                      java.util.stream.Collectors.groupingBy(
                          Comparison::prompt,
                          java.util.TreeMap::new,
                          java.util.stream.Collectors.toList()))
                  .values());
      this.rows = comparisons.size();
      this.seed = seed;
    }

    /** A mean over rows needs only each prompt's sum, however often the prompt is drawn. */
    private void mean(String name, ToDoubleFunction<Comparison> value) {
      double[] sums =
          byPrompt.stream().mapToDouble(rows -> rows.stream().mapToDouble(value).sum()).toArray();
      ToDoubleFunction<int[]> mean =
          drawn ->
              IntStream.of(drawn).mapToDouble(prompt -> sums[prompt]).sum()
                  / IntStream.of(drawn).map(prompt -> byPrompt.get(prompt).size()).sum();
      add(name, mean);
    }

    private void share(String name, Predicate<Comparison> counted) {
      mean(name, c -> counted.test(c) ? 1 : 0);
    }

    private void add(String name, ToDoubleFunction<int[]> statistic) {
      Bootstrap interval = Bootstrap.of(byPrompt.size(), seed, statistic);
      int[] all = IntStream.range(0, byPrompt.size()).toArray();
      metrics.add(
          Metric.all(name, statistic.applyAsDouble(all), interval.low(), interval.high(), rows));
    }

    private List<Comparison> rows(int[] prompts) {
      return IntStream.of(prompts).mapToObj(byPrompt::get).flatMap(List::stream).toList();
    }
  }

  private static double correlation(List<Comparison> rows) {
    double n = 0;
    double x = 0;
    double y = 0;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (Comparison c : rows) {
      for (double[] point :
          new double[][] {
            {c.rewardScore(), c.score()}, {c.opponentRewardScore(), c.opponentScore()}
          }) {
        n++;
        x += point[0];
        y += point[1];
        xx += point[0] * point[0];
        yy += point[1] * point[1];
        xy += point[0] * point[1];
      }
    }
    double spread = Math.sqrt((xx - x * x / n) * (yy - y * y / n));
    return spread > 0 ? (xy - x * y / n) / spread : 0;
  }
}
