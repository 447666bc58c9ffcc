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

  private void tell(Map<String, Double> metrics, String metric, double usual, String what) {
    double value = metrics.get(metric);
    if (value > usual && told.add(metric)) {
      context.say("%s is %.3f, above %s: %s", metric, value, usual, what);
    }
  }
}
