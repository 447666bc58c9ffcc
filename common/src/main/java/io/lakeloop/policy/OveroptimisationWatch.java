package io.lakeloop.policy;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.chat.Conversation;
import io.lakeloop.config.Problems;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.Scorer;
import io.lakeloop.session.TrainingSession;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Watches for over-optimisation (Gao et al. 2022, <a
 * href="https://arxiv.org/abs/2210.10760">2210.10760</a>): answers to held-out prompts are scored
 * by the reward model that is optimised and by one that is not. Where the second falls while the
 * first rises, the policy has begun to learn the first one's errors, and training stops.
 */
public final class OveroptimisationWatch {
  private final Settings settings;
  private final List<Conversation> prompts;
  private final Scorer heldOut;
  private final double temperature;
  private final long seed;

  /**
   * When to look, and when to stop.
   *
   * @param every steps between two looks; 0 for no watch
   * @param prompts held-out prompts answered at each
   * @param threshold by how much the held-out score must lie below its best
   * @param patience such looks in a row that stop the training
   */
  public record Settings(int every, int prompts, double threshold, int patience) {
    public Settings {
      Problems.in("watch")
          .require(every >= 0, "watch.every must not be negative, got %d", every)
          .require(prompts >= 1, "watch.prompts must be at least 1, got %d", prompts)
          .require(threshold >= 0, "watch.threshold must not be negative, got %s", threshold)
          .require(patience >= 1, "watch.patience must be at least 1, got %d", patience)
          .throwIfAny();
    }
  }

  /**
   * What was seen so far.
   *
   * @param bestStep step with the best held-out score; 0 for none
   * @param worse looks in a row at which held-out had fallen and proxy had risen
   */
  public record Seen(int bestStep, double bestHeldOut, double proxyAtBest, int worse) {
    public static Seen nothing() {
      return new Seen(0, 0, 0, 0);
    }
  }

  /** One look: mean scores and KL to the reference per answer, in nats. */
  public record Reading(int step, double proxy, double heldOut, double kl) {
    Map<String, Double> metrics() {
      Map<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("watch/proxy", proxy);
      metrics.put("watch/held_out", heldOut);
      metrics.put("watch/kl", kl);
      return metrics;
    }
  }

  /**
   * Makes a watch.
   *
   * @param prompts that training does not see
   * @param heldOut reward model that training does not optimise
   */
  public OveroptimisationWatch(
      Settings settings,
      List<Conversation> prompts,
      Scorer heldOut,
      double temperature,
      long seed) {
    this.settings = settings;
    this.prompts = List.copyOf(prompts.subList(0, Math.min(settings.prompts(), prompts.size())));
    this.heldOut = heldOut;
    this.temperature = temperature;
    this.seed = seed;
  }

  boolean isDue(int step) {
    return step % settings.every() == 0;
  }

  Reading read(PolicyTrainer.Roles roles, ChatEncoder encoder, int step) {
    List<Generator.Request> requests = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      requests.add(
          new Generator.Request(
              encoder.prompt(prompts.get(i)), CounterRandom.bits(seed, "watch".hashCode(), i)));
    }
    List<Generator.Completion> drawn =
        roles
            .policy()
            .sample(
                requests,
                Generator.Settings.whole(
                    encoder.maxCompletionTokens(),
                    temperature,
                    encoder.tokenizer().specialTokens()));
    List<Exchange> exchanges = new ArrayList<>();
    List<ChatEncoder.Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < drawn.size(); i++) {
      exchanges.add(
          new Exchange(prompts.get(i), encoder.tokenizer().decode(drawn.get(i).tokens())));
      sequences.add(ChatEncoder.join(requests.get(i).prompt(), drawn.get(i).tokens()));
    }
    return new Reading(
        step,
        mean(roles.reward().score(exchanges)),
        mean(heldOut.score(exchanges)),
        kl(roles, sequences));
  }

  private static double kl(PolicyTrainer.Roles roles, List<ChatEncoder.Sequence> sequences) {
    var batch = Rollout.masked(sequences);
    TrainingSession.Evaluation policy = roles.policy().evaluate(batch);
    TrainingSession.Evaluation reference = roles.reference().evaluate(batch);
    double kl = 0;
    for (int b = 0; b < sequences.size(); b++) {
      for (int t = sequences.get(b).promptTokens() - 1;
          t < sequences.get(b).tokens().length - 1;
          t++) {
        kl += policy.logProbs()[b][t] - reference.logProbs()[b][t];
      }
    }
    return kl / sequences.size();
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  Seen judge(Seen before, Reading reading) {
    if (before.bestStep() == 0 || reading.heldOut() > before.bestHeldOut()) {
      return new Seen(reading.step(), reading.heldOut(), reading.proxy(), 0);
    }
    boolean fallen = reading.heldOut() < before.bestHeldOut() - settings.threshold();
    boolean risen = reading.proxy() > before.proxyAtBest();
    return new Seen(
        before.bestStep(),
        before.bestHeldOut(),
        before.proxyAtBest(),
        fallen && risen ? before.worse() + 1 : 0);
  }

  boolean stops(Seen seen) {
    return seen.worse() >= settings.patience();
  }
}
