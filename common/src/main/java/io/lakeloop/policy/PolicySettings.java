package io.lakeloop.policy;

import io.lakeloop.algorithm.ClippedPolicy;
import io.lakeloop.algorithm.ClippedValue;
import io.lakeloop.algorithm.GroupBaseline;
import io.lakeloop.algorithm.KlEstimator;
import io.lakeloop.algorithm.PolicyLoss;
import io.lakeloop.algorithm.Whitening;
import io.lakeloop.config.Problems;
import io.lakeloop.lm.AdamW;
import io.lakeloop.session.LearningRate;

/** Settings of the online methods; defaults and their sources stand in train-policy.yaml. */
public record PolicySettings(
    Method method, Rollouts rollout, Kl kl, Advantages advantage, Update update) {

  /** Which policy gradient. */
  public enum Method {
    /** Schulman et al. 2017, with a value model. */
    PPO(null),
    /** Shao et al. 2024. */
    GRPO(GroupBaseline.GRPO),
    /** Ahmadian et al. 2024. */
    RLOO(GroupBaseline.RLOO),
    /** Williams 1992. */
    REINFORCE(GroupBaseline.REINFORCE);

    private final GroupBaseline baseline;

    Method(GroupBaseline baseline) {
      this.baseline = baseline;
    }

    /** How completions are compared with each other; null where a value model is. */
    public GroupBaseline baseline() {
      return baseline;
    }

    /** True if a group is one prompt's completions, false if it is all of a step's. */
    boolean groupsByPrompt() {
      return this == GRPO || this == RLOO;
    }

    /** True if the KL stands in the loss rather than in the reward. */
    boolean klInLoss() {
      return this == GRPO;
    }
  }

  /** What becomes of a completion that did not end within the limit (D11). */
  public enum MissingEnd {
    /** A fixed score takes the place of the reward model's. */
    SCORE,
    /** The value is subtracted from the reward model's. */
    PENALTY
  }

  /**
   * How trajectories are drawn and scored.
   *
   * @param steps each with fresh trajectories
   * @param missingEndValue the score, or the penalty
   * @param safetyPenalty taken off the score of an answer that the safety filter refuses
   */
  public record Rollouts(
      int steps,
      int promptsPerStep,
      int samplesPerPrompt,
      double temperature,
      MissingEnd missingEnd,
      double missingEndValue,
      double safetyPenalty) {
    private static final int MOST_PER_STEP = 1_000_000;

    public Rollouts {
      long batch = (long) promptsPerStep * samplesPerPrompt;
      Problems.in("rollout")
          .require(
              steps >= 1 && steps <= 1_000_000,
              "rollout.steps must lie in 1..1000000, got %d",
              steps)
          .require(
              promptsPerStep >= 1,
              "rollout.prompts-per-step must be at least 1, got %d",
              promptsPerStep)
          .require(
              samplesPerPrompt >= 1,
              "rollout.samples-per-prompt must be at least 1, got %d",
              samplesPerPrompt)
          .require(
              batch <= MOST_PER_STEP,
              "rollout.prompts-per-step x rollout.samples-per-prompt is %d, more than the %d answers"
                  + " that a step may have: lower one of them",
              batch,
              MOST_PER_STEP)
          .require(
              temperature >= 0.01 && temperature <= 100,
              "rollout.temperature must lie in 0.01..100, got %s",
              temperature)
          .require(
              Double.isFinite(missingEndValue),
              "rollout.missing-end-value must be finite, got %s",
              missingEndValue)
          .require(
              Double.isFinite(safetyPenalty),
              "rollout.safety-penalty must be finite, got %s",
              safetyPenalty)
          .throwIfAny();
    }

    /** Trajectories of a step. */
    public int batch() {
      return promptsPerStep * samplesPerPrompt;
    }
  }

  /**
   * The pull towards the reference.
   *
   * @param target KL per sequence that beta is steered to; 0 keeps beta fixed
   */
  public record Kl(double beta, double target, double horizon, KlEstimator estimator) {
    public Kl {
      Problems.in("kl")
          .require(beta >= 0 && beta <= 1e6, "kl.beta must lie in 0..1e6, got %s", beta)
          .require(target >= 0 && target <= 1e6, "kl.target must lie in 0..1e6, got %s", target)
          .require(
              horizon > 0 && horizon <= 1e12,
              "kl.horizon must be positive and at most 1e12, got %s",
              horizon)
          .throwIfAny();
    }
  }

  /** Where the score of a whole answer is added (D12). */
  public enum ScoreAt {
    /** At the last token, as OpenRLHF and verl have it. */
    END,
    /** One slot behind it, as TRL has it: the value model then also learns the state of the end. */
    AFTER_END
  }

  /** How rewards become advantages; of use to PPO alone. */
  public record Advantages(
      double gamma,
      double gaeLambda,
      ScoreAt scoreAt,
      boolean whitenRewards,
      boolean whitenAdvantages,
      Whitening.Variance variance) {
    public Advantages {
      Problems.in("advantage")
          .require(gamma > 0 && gamma <= 1, "advantage.gamma must lie in (0, 1], got %s", gamma)
          .require(
              gaeLambda >= 0 && gaeLambda <= 1,
              "advantage.gae-lambda must lie in [0, 1], got %s",
              gaeLambda)
          .throwIfAny();
    }
  }

  /** What a minibatch's loss is divided by (D21). */
  public enum LossMean {
    /** Its tokens: each weighs the same. */
    TOKEN,
    /** Its sequences, and each sequence's tokens: each sequence weighs the same. */
    SEQUENCE
  }

  /**
   * How the policy is updated.
   *
   * @param epochs passes over a step's trajectories
   * @param minibatches optimizer steps per pass
   * @param dualClip 0 for none
   * @param importanceCap largest truncated importance weight; 0 for none (D25)
   * @param stopKl a pass is the last where the approximate KL of the update passes this
   * @param maxRatio the run stops as diverged where the mean ratio passes this
   */
  public record Update(
      int epochs,
      int minibatches,
      double learningRate,
      LearningRate.Schedule schedule,
      double maxGradNorm,
      double adamBeta2,
      double adamEpsilon,
      AdamW.Form adamForm,
      double clipRange,
      double dualClip,
      double valueClipRange,
      double valueCoefficient,
      LossMean lossMean,
      double importanceCap,
      double stopKl,
      double maxRatio) {
    public Update {
      Problems.in("update")
          .require(
              epochs >= 1 && epochs <= 10_000, "update.epochs must lie in 1..10000, got %d", epochs)
          .require(minibatches >= 1, "update.minibatches must be at least 1, got %d", minibatches)
          .require(
              learningRate > 0 && Double.isFinite(learningRate),
              "update.learning-rate must be positive and finite, got %s",
              learningRate)
          .require(
              maxGradNorm >= 1e-6 && maxGradNorm <= 1e9,
              "update.max-grad-norm must lie in 1e-6..1e9, got %s",
              maxGradNorm)
          .require(
              adamBeta2 > 0 && adamBeta2 < 1,
              "update.adam-beta2 must lie between 0 and 1, got %s",
              adamBeta2)
          .require(
              adamEpsilon > 0 && adamEpsilon <= 1,
              "update.adam-epsilon must be positive and at most 1, got %s",
              adamEpsilon)
          .require(clipRange > 0, "update.clip-range must be positive, got %s", clipRange)
          .require(
              dualClip == 0 || dualClip > 1,
              "update.dual-clip must be 0 or more than 1, got %s",
              dualClip)
          .require(
              valueClipRange > 0,
              "update.value-clip-range must be positive, got %s",
              valueClipRange)
          .require(
              valueCoefficient >= 0 && valueCoefficient <= 1e6,
              "update.value-coefficient must lie in 0..1e6, got %s",
              valueCoefficient)
          .require(
              importanceCap >= 0,
              "update.importance-cap must not be negative, got %s",
              importanceCap)
          .require(stopKl >= 0, "update.stop-kl must not be negative, got %s", stopKl)
          .require(maxRatio > 1, "update.max-ratio must be more than 1, got %s", maxRatio)
          .throwIfAny();
    }

    AdamW.Settings optimizer(double rate) {
      return new AdamW.Settings(rate, 0, maxGradNorm, adamEpsilon, adamBeta2, adamForm);
    }
  }

  public PolicySettings {
    Problems.in("train-policy")
        .require(
            !method.groupsByPrompt() || rollout.samplesPerPrompt() >= 2,
            "rollout.samples-per-prompt is %d, but %s compares the answers to one prompt: set it to"
                + " 2 or more",
            rollout.samplesPerPrompt(),
            method.name().toLowerCase(java.util.Locale.ROOT))
        .require(
            update.minibatches() <= rollout.batch(),
            "update.minibatches is %d, more than the %d trajectories of a step",
            update.minibatches(),
            rollout.batch())
        .require(
            kl.target() == 0 || kl.horizon() > 0.2 * rollout.batch(),
            "kl.horizon is %s, but with %d trajectories a step it must be more than %s, or one step"
                + " could take kl.beta below 0",
            kl.horizon(),
            rollout.batch(),
            0.2 * rollout.batch())
        .throwIfAny();
  }

  /** The method's loss. */
  PolicyLoss loss(double beta) {
    boolean values = method == Method.PPO;
    return new PolicyLoss(
        new ClippedPolicy(update.clipRange(), update.dualClip()),
        values ? new ClippedValue(update.valueClipRange()) : null,
        update.valueCoefficient(),
        method.klInLoss() ? kl.estimator() : null,
        beta);
  }
}
