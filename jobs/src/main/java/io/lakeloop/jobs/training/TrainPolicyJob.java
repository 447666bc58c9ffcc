package io.lakeloop.jobs.training;

import io.lakeloop.chat.Conversation;
import io.lakeloop.config.Name;
import io.lakeloop.config.Problems;
import io.lakeloop.feedback.preferences.Snapshots;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.policy.DpoTrainer;
import io.lakeloop.policy.OveroptimisationWatch;
import io.lakeloop.policy.PolicyFolder;
import io.lakeloop.policy.PolicyReplicas;
import io.lakeloop.policy.PolicySettings;
import io.lakeloop.policy.PolicyTrainer;
import io.lakeloop.policy.StepCommits;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelSource;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.Cuts;
import io.lakeloop.reward.FittedPairs;
import io.lakeloop.reward.FleetScorer;
import io.lakeloop.reward.PreferencePair;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.Fleet;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.ModelLoader;
import io.lakeloop.session.SparkTrainingSession;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Optimises a policy on Spark's executors: against a learned reward, held near its reference by a
 * KL penalty, or directly on preference pairs.
 */
public final class TrainPolicyJob implements Job<TrainPolicyJob.Config> {

  /** How the policy learns. */
  public enum Algorithm {
    PPO(PolicySettings.Method.PPO),
    GRPO(PolicySettings.Method.GRPO),
    RLOO(PolicySettings.Method.RLOO),
    REINFORCE(PolicySettings.Method.REINFORCE),
    DPO(null);

    private final PolicySettings.Method method;

    Algorithm(PolicySettings.Method method) {
      this.method = method;
    }
  }

  /** The watch for over-optimisation, and the reward model that training does not see. */
  public record Watch(
      int every, ModelSource rewardModel, int prompts, double threshold, int patience) {
    public Watch {
      Problems.in("watch")
          .require(
              every == 0 || rewardModel.ref() != null,
              "watch.every is %d, but watch.reward-model is %s: name a reward model of the"
                  + " registry that was trained apart",
              every,
              rewardModel)
          .throwIfAny();
    }

    OveroptimisationWatch.Settings settings() {
      return new OveroptimisationWatch.Settings(every, prompts, threshold, patience);
    }
  }

  public record Config(
      Name name,
      Algorithm algorithm,
      ModelSource baseModel,
      ModelRef rewardModel,
      RewardModels.Aggregate reward,
      Name snapshot,
      String purpose,
      PolicyFolder.Limits limits,
      PolicyReplicas.ValueModel valueModel,
      EngineSettings engine,
      Fleet.Settings fleet,
      PolicySettings.Rollouts rollout,
      PolicySettings.Kl kl,
      PolicySettings.Advantages advantage,
      PolicySettings.Update update,
      DpoTrainer.Settings dpo,
      Watch watch,
      int tablesEvery,
      long seed) {
    public Config {
      Problems.in("train-policy")
          .require(!purpose.isBlank(), "purpose is empty: say what the model is for")
          .require(tablesEvery >= 1, "tables-every must be at least 1, got %d", tablesEvery)
          .require(!baseModel.isNone(), "base-model is none: name a model to start from")
          .require(
              engine.lora().dropout() == 0,
              "engine.lora.dropout must be 0: with dropout the update's log-probs are not those"
                  + " that were sampled")
          .throwIfAny();
      watch.settings();
      if (algorithm != Algorithm.DPO) {
        new PolicySettings(algorithm.method, rollout, kl, advantage, update);
      }
    }

    PolicySettings settings() {
      return new PolicySettings(algorithm.method, rollout, kl, advantage, update);
    }

    boolean online() {
      return algorithm != Algorithm.DPO;
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    ModelVersion base = context.resolve(config.baseModel());
    ModelVersion reward = config.online() ? context.resolve(config.rewardModel()) : null;
    String snapshot = Snapshots.resolveFor(context, config.snapshot(), config.purpose());
    long seed = JobContext.key(config.seed(), "ppo");
    PolicyReplicas replicas =
        new PolicyReplicas(
            base.ref(),
            reward == null ? null : reward.ref(),
            config.valueModel(),
            config.engine(),
            config.online() ? config.rollout().temperature() : 1,
            seed);
    Path draft = context.draft(config.name());
    List<PreferencePair> pairs = Snapshots.pairs(context, snapshot, "train");
    try (ModelLoader models = ModelLoader.forRun(context, config.engine().precision());
        Fleet fleet = Fleet.forRun(context, config.fleet(), models)) {
      ChatEncoder encoder =
          new PolicyFolder(base.folder())
              .encoder(config.limits(), models.positions(base), FittedPairs.exchanges(pairs));
      ModelLoader.Loaded trained = replicas.trained(models);
      encoder.checkFits(trained.model().config());
      try (LocalSession master = replicas.policy(trained, models);
          SparkTrainingSession policy =
              new SparkTrainingSession(fleet, "policy", replicas::policy, master);
          SparkTrainingSession reference =
              new SparkTrainingSession(fleet, "reference", replicas::reference, null);
          StepCommits commits =
              new StepCommits(context, policy, config.online() ? config.tablesEvery() : 1)) {
        if (config.online()) {
          PolicyTrainer.Roles roles =
              new PolicyTrainer.Roles(
                  policy,
                  reference,
                  new FleetScorer(fleet, reward.ref(), config.reward()),
                  fleet.phases());
          optimise(config, context, roles, encoder, snapshot, pairs, commits, seed);
        } else {
          learnFromPairs(config, context, policy, reference, encoder, pairs, commits, seed);
        }

        new PolicyFolder(draft).write(trained, encoder, base.folder());
      }
    }
    List<ModelVersion> parents = new ArrayList<>(List.of(base));
    if (reward != null) {
      parents.add(reward);
    }
    context.publish(draft, config.name(), "causal-lm", parents, snapshot, config.seed());
  }

  private static void optimise(
      Config config,
      JobContext context,
      PolicyTrainer.Roles roles,
      ChatEncoder encoder,
      String snapshot,
      List<PreferencePair> pairs,
      StepCommits commits,
      long seed)
      throws Exception {
    PolicySettings settings = config.settings();
    List<Conversation> prompts = Snapshots.prompts(pairs);
    Cuts.of(encoder, FittedPairs.exchanges(pairs)).lines().forEach(line -> context.say("%s", line));
    TrainingWarnings warnings = new TrainingWarnings(context);

    PolicyTrainer.State end =
        new PolicyTrainer(roles, encoder, settings, seed)
            .train(
                commits.resume(PolicyTrainer.State.begin(settings)),
                prompts,
                watch(config, context, roles, snapshot),
                (after, trajectories, metrics) -> {
                  int step = after.step() - 1;
                  int total = config.rollout().steps();
                  warnings.look(metrics);
                  commits.commit(
                      after,
                      after.stopped() || after.step() == total,
                      Map.of(step, metrics),
                      trajectories);
                  commits.show(step, total, metrics, "score_minus_beta_kl");
                });

    if (end.stopped()) {
      commits.loadBest(end);
    }
    commits.finish(end, (long) end.step() * config.rollout().batch());
  }

  private static OveroptimisationWatch watch(
      Config config, JobContext context, PolicyTrainer.Roles roles, String snapshot)
      throws Exception {
    if (config.watch().every() == 0) {
      return null;
    }
    ModelVersion heldOut = context.resolve(config.watch().rewardModel());
    return new OveroptimisationWatch(
        config.watch().settings(),
        Snapshots.prompts(context, snapshot, "test"),
        ((FleetScorer) roles.reward()).of(heldOut.ref()),
        config.rollout().temperature(),
        JobContext.key(config.seed(), "watch"));
  }

  private static void learnFromPairs(
      Config config,
      JobContext context,
      SparkTrainingSession policy,
      SparkTrainingSession reference,
      ChatEncoder encoder,
      List<PreferencePair> all,
      StepCommits commits,
      long seed)
      throws Exception {
    FittedPairs fitted = FittedPairs.of(encoder, all);
    fitted.lines().forEach(line -> context.say("%s", line));
    PolicyTrainer.State begin =
        new PolicyTrainer.State(
            0, config.dpo().beta(), OveroptimisationWatch.Seen.nothing(), false);

    Map<Integer, Map<String, Double>> since = new TreeMap<>();

    int steps =
        new DpoTrainer(policy, reference, encoder, config.dpo(), config.update(), seed)
            .train(
                commits.resume(begin).step(),
                fitted.pairs(),
                (done, total, commit, metrics) -> {
                  since.put(done - 1, metrics);
                  if (commit) {
                    commits.commit(begin.at(done), true, since, List.of());
                    since.clear();
                  }
                  commits.show(done - 1, total, metrics, "rewards/accuracies");
                });
    commits.finish(begin.at(steps), 0);
  }
}
