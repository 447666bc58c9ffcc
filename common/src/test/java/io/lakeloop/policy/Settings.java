package io.lakeloop.policy;

import io.lakeloop.algorithm.KlEstimator;
import io.lakeloop.algorithm.Whitening;
import io.lakeloop.lm.AdamW;
import io.lakeloop.session.LearningRate;

/** Settings for small worlds. */
final class Settings {
  private Settings() {}

  static PolicySettings of(
      PolicySettings.Method method,
      int steps,
      int prompts,
      int samples,
      double beta,
      double learningRate) {
    return of(method, steps, prompts, samples, beta, learningRate, 4, 1);
  }

  static PolicySettings of(
      PolicySettings.Method method,
      int steps,
      int prompts,
      int samples,
      double beta,
      double learningRate,
      int epochs,
      int minibatches) {
    return new PolicySettings(
        method,
        new PolicySettings.Rollouts(
            steps, prompts, samples, 1, PolicySettings.MissingEnd.SCORE, 0, 0),
        new PolicySettings.Kl(
            beta,
            0,
            10_000,
            method == PolicySettings.Method.GRPO ? KlEstimator.K3 : KlEstimator.K1),
        new PolicySettings.Advantages(
            1, 0.95, PolicySettings.ScoreAt.END, false, true, Whitening.Variance.POPULATION),
        new PolicySettings.Update(
            epochs,
            minibatches,
            learningRate,
            LearningRate.Schedule.LINEAR,
            1,
            0.95,
            1e-5,
            AdamW.Form.PYTORCH,
            0.2,
            0,
            10,
            0.1,
            PolicySettings.LossMean.TOKEN,
            0,
            10,
            100));
  }

  /** The same with another limit of the mean ratio. */
  static PolicySettings limited(PolicySettings s, double maxRatio) {
    PolicySettings.Update u = s.update();
    return new PolicySettings(
        s.method(),
        s.rollout(),
        s.kl(),
        s.advantage(),
        new PolicySettings.Update(
            u.epochs(),
            u.minibatches(),
            u.learningRate(),
            u.schedule(),
            u.maxGradNorm(),
            u.adamBeta2(),
            u.adamEpsilon(),
            u.adamForm(),
            u.clipRange(),
            u.dualClip(),
            u.valueClipRange(),
            u.valueCoefficient(),
            u.lossMean(),
            u.importanceCap(),
            u.stopKl(),
            maxRatio));
  }
}
