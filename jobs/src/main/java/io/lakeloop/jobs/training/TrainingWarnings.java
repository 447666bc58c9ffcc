package io.lakeloop.jobs.training;

import io.lakeloop.run.JobContext;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Tells the person who watches, once, of a measure that has left its usual range. */
final class TrainingWarnings {
  /** A usual update moves less (D23). */
  private static final double USUAL_KL = 0.02;

  /** Generation and training agree on a token's chance within this factor (D25). */
  private static final double USUAL_DRIFT = 1.05;

  private final JobContext context;
  private final Set<String> told = new HashSet<>();

  TrainingWarnings(JobContext context) {
    this.context = context;
  }

  void look(Map<String, Double> metrics) {
    lookAtEnds(metrics);
    tell(
        metrics,
        "policy/approximate_kl",
        USUAL_KL,
        "updates move far: lower update.learning-rate or update.epochs if the score gets worse");
    tell(
        metrics,
        "sampling/mean_exp_abs_difference",
        USUAL_DRIFT,
        "generation and training disagree on tokens: set update.importance-cap");
  }

  /** An answer that was cut has no end to be judged by. */
  private void lookAtEnds(Map<String, Double> metrics) {
    double ended = metrics.get("completions/end_rate");
    if (ended < 0.5 && told.add("completions/end_rate")) {
      context.say(
          "WARNING: %.0f %% of the answers hit the limit of tokens and never end: raise"
              + " limits.max-completion-tokens, or train-sft longer",
          100 * (1 - ended));
    }
  }

  private void tell(Map<String, Double> metrics, String metric, double usual, String what) {
    double value = metrics.get(metric);
    if (value > usual && told.add(metric)) {
      context.say("%s is %.3f, above %s: %s", metric, value, usual, what);
    }
  }
}
