package io.lakeloop.policy;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.algorithm.KlController;
import io.lakeloop.algorithm.Loss;
import io.lakeloop.chat.Conversation;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.Scorer;
import io.lakeloop.run.Stopwatch;
import io.lakeloop.session.Divergence;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.Phases;
import io.lakeloop.session.TrainingSession;
import io.lakeloop.text.SafetyFilter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Optimises a policy against a learned reward, held near a frozen reference by a KL penalty: PPO
 * (Ziegler et al. 2019, <a href="https://arxiv.org/abs/1909.08593">1909.08593</a>), GRPO, RLOO or
 * REINFORCE. Each step draws trajectories, updates on them and is committed as a whole; a run that
 * was stopped goes on behind the step that was committed last, with the same bits.
 */
public final class PolicyTrainer {
  private final Roles roles;
  private final ChatEncoder encoder;
  private final PolicySettings settings;
  private final long seed;

  /**
   * The models in their roles.
   *
   * @param reference frozen, as the policy was at the start
   * @param phases where the time goes
   */
  public record Roles(
      TrainingSession policy, TrainingSession reference, Scorer reward, Phases phases) {}

  public PolicyTrainer(Roles roles, ChatEncoder encoder, PolicySettings settings, long seed) {
    this.roles = roles;
    this.encoder = encoder;
    this.settings = settings;
    this.seed = seed;
  }

  /**
   * Where a training stands behind a step.
   *
   * @param step steps done
   * @param beta KL coefficient of the next step
   * @param watch what the watch for over-optimisation has seen
   * @param stopped true if that stopped the training
   */
  public record State(int step, double beta, OveroptimisationWatch.Seen watch, boolean stopped) {

    /** The same behind another step. */
    public State at(int other) {
      return new State(other, beta, watch, stopped);
    }

    /** Before the first step. */
    public static State begin(PolicySettings settings) {
      return new State(0, settings.kl().beta(), OveroptimisationWatch.Seen.nothing(), false);
    }
  }

  /** Takes up what a step leaves behind; when it returns, the step is committed. */
  @FunctionalInterface
  public interface Commit {
    void step(State after, List<Trajectory> trajectories, Map<String, Double> metrics);
  }

  /**
   * Trains from a state to the end.
   *
   * @param watch null for none
   * @return the state at the end
   */
  public State train(
      State from, List<Conversation> prompts, OveroptimisationWatch watch, Commit commit) {
    PolicySettings.Rollouts rollouts = settings.rollout();
    LearningRate rate =
        new LearningRate(
            settings.update().schedule(), settings.update().learningRate(), 0, rollouts.steps());
    KlController controller = new KlController(settings.kl().target(), settings.kl().horizon());
    State state = from;
    while (state.step() < rollouts.steps() && !state.stopped()) {
      int step = state.step();
      Rollout rollout = rollout(prompts, step, state.beta());
      Map<String, Double> metrics = rollout.metrics();
      update(rollout, step, rate.at(step), metrics);
      State after =
          new State(
              step + 1,
              controller.next(state.beta(), metrics.get("kl"), rollout.size()),
              state.watch(),
              false);
      if (watch != null && watch.isDue(after.step())) {
        OveroptimisationWatch.Reading reading = watch.read(roles, encoder, after.step());
        metrics.putAll(reading.metrics());
        OveroptimisationWatch.Seen seen = watch.judge(state.watch(), reading);
        after = new State(after.step(), after.beta(), seen, watch.stops(seen));
      }
      Map<String, Double> seconds = roles.phases().take();
      metrics.putAll(seconds);
      if (seconds.get("seconds/step") > 0) {
        metrics.put("tokens_per_second", rollout.tokens() / seconds.get("seconds/step"));
      }
      metrics.forEach((name, value) -> Divergence.check(value, name, step));
      State done = after;
      // Its seconds count to the next step, whose metrics are still open.
      roles
          .phases()
          .add(
              "commit",
              Stopwatch.seconds(() -> commit.step(done, rollout.trajectories(), metrics)));
      state = after;
    }
    return state;
  }

  private Rollout rollout(List<Conversation> prompts, int step, double beta) {
    List<Integer> promptIds = promptIds(prompts.size(), step);
    int[] samples = samples(promptIds);
    List<Generator.Request> requests = new ArrayList<>();
    for (int i = 0; i < samples.length; i++) {
      int id = promptIds.get(i);
      requests.add(
          new Generator.Request(
              encoder.prompt(prompts.get(id)), CounterRandom.bits(seed, step, id, samples[i])));
    }
    List<Generator.Completion> completions =
        roles
            .policy()
            .sample(
                requests,
                Generator.Settings.whole(
                    encoder.maxCompletionTokens(),
                    settings.rollout().temperature(),
                    encoder.tokenizer().specialTokens()));
    List<Rollout.Episode> drawn = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      Generator.Completion completion = completions.get(i);
      drawn.add(
          new Rollout.Episode(
              promptIds.get(i),
              samples[i],
              prompts.get(promptIds.get(i)),
              encoder.tokenizer().decode(completion.tokens()),
              ChatEncoder.join(requests.get(i).prompt(), completion.tokens()),
              completion));
    }
    // In the order of the first epoch: what is evaluated and what is updated first have the same
    // shapes, and so the same bits.
    List<Rollout.Episode> episodes = new ArrayList<>();
    for (int i : CounterRandom.permutation(drawn.size(), seed, step, 0)) {
      episodes.add(drawn.get(i));
    }
    return new Rollout(
        step, episodes, scores(episodes), roles.policy(), roles.reference(), settings, beta);
  }

  /** Prompts are walked through in one shuffled pass after another. */
  private List<Integer> promptIds(int prompts, int step) {
    List<Integer> ids = new ArrayList<>();
    int perStep = settings.rollout().promptsPerStep();
    for (int i = 0; i < perStep; i++) {
      long drawn = (long) step * perStep + i;
      int[] order = CounterRandom.permutation(prompts, seed, "prompts".hashCode(), drawn / prompts);
      ids.addAll(
          Collections.nCopies(
              settings.rollout().samplesPerPrompt(), order[(int) (drawn % prompts)]));
    }
    return ids;
  }

  /** Numbers the answers to one prompt within a step, so that each draws numbers of its own. */
  private static int[] samples(List<Integer> promptIds) {
    Map<Integer, Integer> seen = new HashMap<>();
    return promptIds.stream().mapToInt(id -> seen.merge(id, 1, Integer::sum) - 1).toArray();
  }

  private List<Rollout.Score> scores(List<Rollout.Episode> episodes) {
    double[] scores =
        roles
            .reward()
            .score(episodes.stream().map(e -> new Exchange(e.before(), e.completion())).toList());
    PolicySettings.Rollouts rollouts = settings.rollout();
    List<Rollout.Score> penalised = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      Rollout.Episode episode = episodes.get(i);
      double score = scores[i];
      if (!episode.drawn().ended()) {
        score =
            rollouts.missingEnd() == PolicySettings.MissingEnd.SCORE
                ? rollouts.missingEndValue()
                : score - rollouts.missingEndValue();
      }
      penalised.add(
          new Rollout.Score(
              score, SafetyFilter.violates(episode.completion()) ? rollouts.safetyPenalty() : 0));
    }
    return penalised;
  }

  private void update(Rollout rollout, int step, double rate, Map<String, Double> metrics) {
    PolicySettings.Update update = settings.update();
    Loss loss = settings.loss(metrics.get("beta"));
    for (int epoch = 0; epoch < update.epochs(); epoch++) {
      // The first epoch's order is the one that the trajectories stand in already.
      int[] order =
          epoch == 0
              ? Rollout.inOrder(rollout.size())
              : CounterRandom.permutation(rollout.size(), seed, step, epoch);
      for (int[] part : Rollout.parts(rollout.size(), update.minibatches())) {
        int[] rows = Arrays.copyOfRange(order, part[0], part[1]);
        TrainingSession.LossReport report =
            roles.policy().forwardBackward(rollout.batch(rows), loss);
        Map<String, Double> found = measured(report, step);
        if (epoch == 0 && part[0] == 0) {
          for (String name : List.of("ratio", "ratio_min", "ratio_max", "approximate_kl")) {
            metrics.put("policy/first_" + name, found.get("policy/" + name));
          }
        }
        metrics.putAll(found);
        metrics.put(
            "grad_norm",
            Divergence.check(roles.policy().optimStep(update.optimizer(rate)), "grad_norm", step));
      }
      if (metrics.get("policy/approximate_kl") > update.stopKl()) {
        break;
      }
    }
    metrics.put("learning_rate", rate);
  }

  /**
   * The loss's metrics.
   *
   * @throws UserError TRAINING_DIVERGED where the loss is not finite or the ratio has exploded
   */
  private Map<String, Double> measured(TrainingSession.LossReport report, int step) {
    Divergence.check(report.loss(), "loss", step);
    Map<String, Double> metrics = new LinkedHashMap<>(report.metrics());
    double ratio = metrics.get("policy/ratio");
    Divergence.checkAtMost(ratio, settings.update().maxRatio(), "policy/ratio", step);
    double squares = metrics.remove("policy/ratio_squared");
    metrics.put("policy/ratio_variance", Math.max(0, squares - ratio * ratio));
    return metrics;
  }
}
