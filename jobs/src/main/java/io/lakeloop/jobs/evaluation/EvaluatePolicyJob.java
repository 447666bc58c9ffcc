package io.lakeloop.jobs.evaluation;

import io.lakeloop.chat.Conversation;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.evaluation.Comparison;
import io.lakeloop.evaluation.GoldJudge;
import io.lakeloop.evaluation.Judge;
import io.lakeloop.evaluation.Metric;
import io.lakeloop.evaluation.PolicyEvaluation;
import io.lakeloop.feedback.preferences.Snapshots;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.policy.PolicyFolder;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.FittedPairs;
import io.lakeloop.reward.PreferencePair;
import io.lakeloop.reward.RewardModel;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.ModelLoader;
import io.lakeloop.table.EvaluationTables;
import io.lakeloop.table.Messages;
import io.lakeloop.table.TableRows;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares a policy with an opponent on prompts that neither PPO nor the reward has seen. */
public final class EvaluatePolicyJob implements Job<EvaluatePolicyJob.Config> {

  public record Config(
      ModelRef policy,
      ModelRef opponent,
      ModelRef rewardModel,
      Name snapshot,
      Name suite,
      int samplesPerPrompt,
      double temperature,
      int microbatchRows,
      Precision precision,
      long seed) {
    public Config {
      Problems.in("evaluate-policy")
          .require(
              samplesPerPrompt >= 1 && samplesPerPrompt <= 1000,
              "samples-per-prompt must lie in 1..1000, got %d",
              samplesPerPrompt)
          .require(
              temperature == 0 || (temperature >= 0.01 && temperature <= 100),
              "temperature must be 0 or lie in 0.01..100, got %s",
              temperature)
          .require(
              microbatchRows >= 1, "microbatch-rows must be at least 1, got %d", microbatchRows)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    ModelVersion policy = context.resolve(config.policy());
    ModelVersion opponent = context.resolve(config.opponent());
    ModelVersion reward = context.resolve(config.rewardModel());
    String snapshot = Snapshots.resolve(context, config.snapshot());
    List<PreferencePair> pairs = Snapshots.pairs(context, snapshot, "test");
    List<Conversation> prompts = Snapshots.prompts(pairs);
    Judge judge = new GoldJudge();
    List<Comparison> comparisons;
    try (ModelLoader models = ModelLoader.forRun(context, config.precision());
        LocalSession mine = session(models.open(policy), config);
        LocalSession theirs = session(models.open(opponent), config);
        RewardModel rewardModel = RewardModels.open(reward, models)) {

      requireSameVocabulary(models, policy, opponent);
      ChatEncoder encoder =
          new PolicyFolder(policy.folder())
              .encoder(
                  new PolicyFolder.Limits(0, 0),
                  models.positions(policy),
                  FittedPairs.exchanges(pairs));
      comparisons =
          new PolicyEvaluation(
                  mine,
                  theirs,
                  rewardModel,
                  judge,
                  encoder,
                  config.temperature(),
                  JobContext.key(config.seed(), "evaluation"))
              .compare(
                  prompts,
                  config.samplesPerPrompt(),
                  (done, total) -> context.progress("comparing", done, total, "answers"));
    }
    List<Metric> metrics =
        PolicyEvaluation.metrics(comparisons, JobContext.key(config.seed(), "intervals"));

    context.tables().replace(judgments(config, context, policy, opponent, judge, comparisons));
    context.tables().replace(Metric.rows(context, policy, config.suite().text(), metrics));
    for (Metric metric : metrics) {
      context.say(
          "%s against %s: %s %.4f (95%% CI %.4f to %.4f)",
          policy, opponent, metric.name(), metric.value(), metric.low(), metric.high());
    }
  }

  /** Both read the same tokens: the opponent's log-probs of the policy's answers are asked for. */
  private static void requireSameVocabulary(
      ModelLoader models, ModelVersion policy, ModelVersion opponent) throws IOException {
    int mine = models.config(policy).vocabSize();
    int theirs = models.config(opponent).vocabSize();
    if (mine != theirs) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot compare %s with %s: they have vocabularies of %d and %d tokens. Name an opponent"
              + " that the policy was trained from.",
          policy,
          opponent,
          mine,
          theirs);
    }
  }

  private static LocalSession session(ModelLoader.Loaded loaded, Config config) {
    // Temperature 0 is greedy in sampling; log-probs are then those of the untempered model.
    double temperature = config.temperature() == 0 ? 1 : config.temperature();
    return new LocalSession(
        loaded.model(), EngineSettings.plain(config.microbatchRows()), temperature);
  }

  private static TableRows judgments(
      Config config,
      JobContext context,
      ModelVersion policy,
      ModelVersion opponent,
      Judge judge,
      List<Comparison> comparisons) {
    TableRows rows = new TableRows(EvaluationTables.JUDGMENTS);
    for (Comparison c : comparisons) {
      Map<String, Object> row = new HashMap<>();
      row.put("run_id", context.runId());
      row.put("suite", config.suite().text());
      row.put("item_id", Digest.of(Messages.key(c.before()) + "|" + c.sample()).substring(0, 32));
      row.put("prompt", c.before().prompt());
      row.put("messages", Messages.rows(c.before()));
      row.put("model", policy.toString());
      row.put("opponent", opponent.toString());
      row.put("completion", c.completion());
      row.put("opponent_completion", c.opponentCompletion());
      row.put("judge", judge.name());
      row.put("judge_version", judge.version());
      row.put("presented_order", "model_first");
      row.put("verdict", c.verdict());
      row.put("score", c.score());
      row.put("opponent_score", c.opponentScore());
      row.put("parse_status", "ok");
      rows.add(row);
    }
    return rows;
  }
}
