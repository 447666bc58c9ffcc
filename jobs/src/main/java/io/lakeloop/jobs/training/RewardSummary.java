package io.lakeloop.jobs.training;

import io.lakeloop.evaluation.Metric;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.run.JobContext;
import java.util.List;

/** Tells the person who watches what a reward model was found to be worth. */
public final class RewardSummary {
  private RewardSummary() {}

  public static void say(
      JobContext context, ModelVersion model, String suite, List<Metric> metrics) {
    metrics.stream()
        .filter(metric -> metric.sliceKind().equals("all"))
        .forEach(
            metric ->
                context.say(
                    "%s on %s: %s %.4f (95%% CI %.4f to %.4f), %,d pairs",
                    model,
                    suite,
                    metric.name(),
                    metric.value(),
                    metric.low(),
                    metric.high(),
                    metric.n()));
  }
}
