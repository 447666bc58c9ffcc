package io.lakeloop.policy;

import io.lakeloop.algorithm.AdvantageEstimator;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.algorithm.KlController;
import io.lakeloop.algorithm.PpoLoss;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.session.Divergence;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.TrainingSession;
import io.lakeloop.text.SafetyFilter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Proximal policy optimisation against a learned reward with a KL penalty to a frozen reference
 * (Schulman et al. 2017, <a href="https://arxiv.org/abs/1707.06347">1707.06347</a>; Ziegler et al.
 * 2019, <a href="https://arxiv.org/abs/1909.08593">1909.08593</a>). The value head shares the
 * policy's trunk and starts at 0.
 */
public final class PpoTrainer {
  /** AdamW's epsilon in PPO (D24). */
  private static final double EPSILON = 1e-5;

  private final TrainingSession policy;
  private final TrainingSession reference;
  private final RewardModel reward;
  private final ChatEncoder encoder;
  private final PpoSettings settings;
  private final long seed;

  public PpoTrainer(
      TrainingSession policy,
      TrainingSession reference,
      RewardModel reward,
      ChatEncoder encoder,
      PpoSettings settings,
      long seed) {
    this.policy = policy;
    this.reference = reference;
    this.reward = reward;
    this.encoder = encoder;
    this.settings = settings;
    this.seed = seed;
  }

  /** Receives what each step leaves behind. */
  public interface Listener {
    void step(int step, int totalSteps, List<Trajectory> trajectories, Map<String, Double> metrics);
  }

  public void train(List<String> prompts, Listener listener) {
    LearningRate rate =
        new LearningRate(settings.schedule(), settings.learningRate(), 0, settings.steps());
    KlController controller = new KlController(settings.targetKl(), settings.klHorizon());
    double beta = settings.beta();
    for (int step = 0; step < settings.steps(); step++) {
      Rollout rollout = rollout(prompts, step, beta);
      Map<String, Double> metrics = rollout.metrics(beta);
      update(rollout, step, rate.at(step), metrics);
      metrics.forEach((name, value) -> Divergence.check(value, name, rollout.step()));
      beta = controller.next(beta, metrics.get("kl"), rollout.size());
      listener.step(step, settings.steps(), rollout.trajectories(), metrics);
    }
  }

  private Rollout rollout(List<String> prompts, int step, double beta) {
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
        policy.sample(
            requests,
            Generator.Settings.whole(
                encoder.maxCompletionTokens(),
                settings.temperature(),
                encoder.tokenizer().specialTokens()));
    List<Rollout.Episode> episodes = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      Generator.Completion completion = completions.get(i);
      episodes.add(
          new Rollout.Episode(
              promptIds.get(i),
              samples[i],
              prompts.get(promptIds.get(i)),
              encoder.tokenizer().decode(completion.tokens()),
              ChatEncoder.join(requests.get(i).prompt(), completion.tokens()),
              completion));
    }
    return new Rollout(
        step,
        episodes,
        penalisedScores(episodes),
        policy,
        reference,
        beta,
        new AdvantageEstimator(settings.gamma(), settings.gaeLambda()));
  }

  /** Prompts are walked through in one shuffled pass after another. */
  private List<Integer> promptIds(int prompts, int step) {
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < settings.promptsPerStep(); i++) {
      long drawn = (long) step * settings.promptsPerStep() + i;
      int[] order = CounterRandom.permutation(prompts, seed, "prompts".hashCode(), drawn / prompts);
      ids.add(order[(int) (drawn % prompts)]);
    }
    return ids;
  }

  /** Numbers the answers to one prompt within a step, so that each draws numbers of its own. */
  private static int[] samples(List<Integer> promptIds) {
    Map<Integer, Integer> seen = new HashMap<>();
    return promptIds.stream().mapToInt(id -> seen.merge(id, 1, Integer::sum) - 1).toArray();
  }

  private List<Rollout.Score> penalisedScores(List<Rollout.Episode> episodes) {
    double[] scores =
        reward.score(episodes.stream().map(e -> new Exchange(e.prompt(), e.completion())).toList());
    List<Rollout.Score> penalised = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      Rollout.Episode episode = episodes.get(i);
      penalised.add(
          new Rollout.Score(
              episode.drawn().ended() ? scores[i] : settings.missingEndScore(),
              SafetyFilter.violates(episode.completion()) ? settings.safetyPenalty() : 0));
    }
    return penalised;
  }

  private void update(Rollout rollout, int step, double learningRate, Map<String, Double> metrics) {
    PpoLoss loss =
        new PpoLoss(settings.clipRange(), settings.valueClipRange(), settings.valueCoefficient());
    for (int epoch = 0; epoch < settings.epochs(); epoch++) {
      int[] order = CounterRandom.permutation(rollout.size(), seed, step, epoch);
      for (int part = 0; part < settings.minibatches(); part++) {
        int from = part * rollout.size() / settings.minibatches();
        int to = (part + 1) * rollout.size() / settings.minibatches();
        int[] rows = java.util.Arrays.copyOfRange(order, from, to);
        TrainingSession.LossReport report = policy.forwardBackward(rollout.batch(rows), loss);
        if (epoch == 0 && part == 0) {
          metrics.put("policy/first_ratio", report.metrics().get("policy/ratio"));
        }
        double norm =
            policy.optimStep(new AdamW.Settings(learningRate, 0, settings.maxGradNorm(), EPSILON));
        metrics.putAll(report.metrics());
        metrics.put("grad_norm", norm);
      }
      if (metrics.get("policy/approximate_kl") > settings.stopKl()) {
        break;
      }
    }
    metrics.put("learning_rate", learningRate);
  }
}
