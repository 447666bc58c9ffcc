package io.lakeloop.jobs.benchmark;

import io.lakeloop.config.Name;
import io.lakeloop.config.Problems;
import io.lakeloop.feedback.preferences.Snapshots;
import io.lakeloop.reward.LabelEfficiency;
import io.lakeloop.reward.LabelEfficiency.Choice;
import io.lakeloop.reward.LinearRewardTrainer;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import java.util.List;
import java.util.Map;

/** Measures how many labels a reward model needs, by how what is labeled was chosen. */
public final class BenchmarkLabelingJob implements Job<BenchmarkLabelingJob.Config> {

  public record Config(
      Name snapshot, List<String> labels, int repetitions, double regularisation, long seed) {
    public Config {
      Problems problems =
          Problems.in("benchmark-labeling")
              .require(!labels.isEmpty(), "labels is empty: give numbers of labels")
              .require(
                  repetitions >= 1 && repetitions <= 1000,
                  "repetitions must lie in 1..1000, got %d",
                  repetitions)
              .require(
                  regularisation >= 0 && regularisation <= 1e6,
                  "regularisation must lie in 0..1000000, got %s",
                  regularisation);
      labels.forEach(
          number ->
              problems.require(
                  number.matches("[1-9][0-9]{0,6}"),
                  "labels must be whole numbers from 1, got '%s'",
                  number));
      problems.throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    String snapshot = Snapshots.resolve(context, config.snapshot());
    List<Integer> numbers = config.labels().stream().map(Integer::valueOf).sorted().toList();
    LabelEfficiency efficiency =
        new LabelEfficiency(
            context.spark(),
            new LinearRewardTrainer(config.regularisation(), 100),
            Snapshots.pairs(context, snapshot, "train"),
            Snapshots.pairs(context, snapshot, "test"),
            numbers.get(numbers.size() - 1));
    context.say(
        "%,d pairs to choose from, %,d held out, lengths balanced in both",
        efficiency.sizes()[0], efficiency.sizes()[1]);
    context.say("%-8s %10s %10s %10s", "labels", "random", "leverage", "D-optimal");
    StepMetrics metrics = new StepMetrics(context, "benchmark");
    for (int number : numbers) {
      double[] means = new double[Choice.values().length];
      for (Choice choice : Choice.values()) {
        // What is chosen without a draw is the same every time.
        int repetitions = choice == Choice.D_OPTIMAL ? 1 : config.repetitions();
        for (int r = 0; r < repetitions; r++) {
          means[choice.ordinal()] +=
              efficiency.accuracy(choice, number, JobContext.key(config.seed(), "labeling" + r))
                  / repetitions;
        }
        metrics.keep(
            number, Map.of("accuracy, labels chosen by " + choice, means[choice.ordinal()]));
      }
      context.say("%-8d %10.4f %10.4f %10.4f", number, means[0], means[1], means[2]);
    }
    metrics.save();
  }
}
