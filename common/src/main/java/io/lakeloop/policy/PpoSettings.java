package io.lakeloop.policy;

import io.lakeloop.config.Problems;
import io.lakeloop.session.LearningRate;

/**
 * Settings of PPO; defaults and their sources stand in conf/local/train-policy.yaml.
 *
 * @param steps PPO steps, each with fresh trajectories
 * @param promptsPerStep prompts drawn per step, one sample each
 * @param epochs passes over a step's trajectories
 * @param minibatches optimizer steps per pass
 * @param beta KL coefficient at the start
 * @param targetKl KL per sequence that beta is steered to; 0 keeps beta fixed
 * @param missingEndScore score of an answer that did not end within the limit
 * @param safetyPenalty taken off the score of an answer that the safety filter refuses
 * @param stopKl a pass is cut short where the approximate KL of the update passes this
 */
public record PpoSettings(
    int steps,
    int promptsPerStep,
    int epochs,
    int minibatches,
    double learningRate,
    LearningRate.Schedule schedule,
    double maxGradNorm,
    double temperature,
    double beta,
    double targetKl,
    double klHorizon,
    double gamma,
    double gaeLambda,
    double clipRange,
    double valueClipRange,
    double valueCoefficient,
    double missingEndScore,
    double safetyPenalty,
    double stopKl) {

  public PpoSettings {
    Problems.in("ppo")
        .require(steps >= 1, "steps must be at least 1, got %d", steps)
        .require(promptsPerStep >= 1, "prompts-per-step must be at least 1, got %d", promptsPerStep)
        .require(epochs >= 1, "epochs must be at least 1, got %d", epochs)
        .require(
            minibatches >= 1 && minibatches <= promptsPerStep,
            "minibatches must lie in 1..prompts-per-step (%d), got %d",
            promptsPerStep,
            minibatches)
        .require(learningRate > 0, "learning-rate must be positive, got %s", learningRate)
        .require(maxGradNorm > 0, "max-grad-norm must be positive, got %s", maxGradNorm)
        .require(temperature > 0, "temperature must be positive, got %s", temperature)
        .require(beta >= 0, "beta must not be negative, got %s", beta)
        .require(targetKl >= 0, "target-kl must not be negative, got %s", targetKl)
        .require(klHorizon > 0, "kl-horizon must be positive, got %s", klHorizon)
        .require(gamma > 0 && gamma <= 1, "gamma must lie in (0, 1], got %s", gamma)
        .require(
            gaeLambda >= 0 && gaeLambda <= 1, "gae-lambda must lie in [0, 1], got %s", gaeLambda)
        .require(clipRange > 0, "clip-range must be positive, got %s", clipRange)
        .require(valueClipRange > 0, "value-clip-range must be positive, got %s", valueClipRange)
        .require(
            valueCoefficient >= 0,
            "value-coefficient must not be negative, got %s",
            valueCoefficient)
        .throwIfAny();
  }
}
