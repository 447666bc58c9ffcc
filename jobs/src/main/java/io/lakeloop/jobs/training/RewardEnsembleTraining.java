package io.lakeloop.jobs.training;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.EnsembleReward;
import io.lakeloop.reward.Exchange;
import io.lakeloop.reward.PreferencePair;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.reward.TransformerReward;
import io.lakeloop.reward.TransformerRewardTrainer;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.Fleet;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.ModelLoader;
import io.lakeloop.session.SparkTrainingSession;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Trains the members of a reward ensemble, or the one transformer, over the same base. */
final class RewardEnsembleTraining {
  private final TrainRewardJob.Config config;
  private final JobContext context;
  private final ModelLoader models;
  private final ModelVersion base;
  private final String snapshot;
  private final ChatEncoder encoder;

  RewardEnsembleTraining(
      TrainRewardJob.Config config,
      JobContext context,
      ModelLoader models,
      ModelVersion base,
      String snapshot,
      ChatEncoder encoder) {
    this.config = config;
    this.context = context;
    this.models = models;
    this.base = base;
    this.snapshot = snapshot;
    this.encoder = encoder;
  }

  RewardModel train(List<PreferencePair> pairs) throws IOException {
    List<RewardModel> members = new ArrayList<>();
    StepMetrics metrics = new StepMetrics(context, "reward");
    try (Fleet fleet = Fleet.forRun(context, config.fleet(), models)) {
      List<Exchange> references = references(fleet, pairs);
      for (int member = 0; member < config.ensemble().members(); member++) {
        members.add(member(fleet, member, pairs, references, metrics));
      }
    }
    metrics.save();
    if (config.ensemble().alone()) {
      return members.get(0);
    }
    if (config.ensemble().linear()) {
      members.add(TrainRewardJob.linear(config, context, snapshot, pairs));
    }
    return new EnsembleReward(members, RewardModels.Aggregate.mean(), 1);
  }

  private RewardModel member(
      Fleet fleet,
      int member,
      List<PreferencePair> pairs,
      List<Exchange> references,
      StepMetrics metrics)
      throws IOException {
    long first = JobContext.key(config.seed(), "reward");
    long seed = member == 0 ? first : CounterRandom.bits(first, member);
    ModelRef start = base.ref();
    EngineSettings engine = config.engine();
    ModelLoader.Loaded trained = trained(start, engine, seed, models);
    encoder.checkFits(trained.model().config());
    LocalSession master = new LocalSession(trained.model(), engine, 1);
    int perMember = config.transformer().steps(pairs);
    try (SparkTrainingSession session =
        new SparkTrainingSession(
            fleet,
            "reward " + member,
            loader -> new LocalSession(trained(start, engine, seed, loader).model(), engine, 1),
            master)) {
      new TransformerRewardTrainer(session, encoder, config.transformer().training(), seed)
          .train(
              pairs,
              (step, total, values) ->
                  metrics.add(
                      member * perMember + step,
                      config.ensemble().members() * perMember,
                      values,
                      "rewards/accuracies"));
    }
    master.endTraining();
    return TransformerReward.normalised(trained, encoder, references);
  }

  /** The base with a fresh scalar head, the same on the driver and on every executor. */
  private static ModelLoader.Loaded trained(
      ModelRef base, EngineSettings engine, long seed, ModelLoader models) throws IOException {
    ModelLoader.Loaded loaded = models.trainable(models.resolve(base), engine.lora(), seed);
    loaded.model().randomiseScalarHead(seed);
    return loaded;
  }

  /** Answers whose rewards shall have mean 0: the base's own, or those of the pairs. */
  private List<Exchange> references(Fleet fleet, List<PreferencePair> pairs) {
    List<Exchange> references = new ArrayList<>();
    if (config.referenceSamples() == 0) {
      for (PreferencePair pair : pairs) {
        references.add(pair.chosenExchange());
        references.add(pair.rejectedExchange());
      }
      return references;
    }
    ModelRef start = base.ref();
    EngineSettings engine = config.engine();
    List<Generator.Request> requests = new ArrayList<>();
    for (int i = 0; i < config.referenceSamples(); i++) {
      requests.add(
          new Generator.Request(
              encoder.prompt(pairs.get(i % pairs.size()).before()),
              CounterRandom.bits(JobContext.key(config.seed(), "references"), i)));
    }
    try (SparkTrainingSession policy =
        new SparkTrainingSession(
            fleet,
            "references",
            loader -> new LocalSession(loader.open(loader.resolve(start)).model(), engine, 1),
            null)) {
      List<Generator.Completion> drawn =
          policy.sample(
              requests,
              Generator.Settings.whole(
                  encoder.maxCompletionTokens(), 1, encoder.tokenizer().specialTokens()));
      for (int i = 0; i < drawn.size(); i++) {
        references.add(
            new Exchange(
                pairs.get(i % pairs.size()).before(),
                encoder.tokenizer().decode(drawn.get(i).tokens())));
      }
    }
    return references;
  }
}
