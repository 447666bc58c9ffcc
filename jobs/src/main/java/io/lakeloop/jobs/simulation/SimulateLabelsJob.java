package io.lakeloop.jobs.simulation;

import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;

import io.lakeloop.config.Problems;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.OutputFolder;
import io.lakeloop.supportdesk.RaterSimulator;
import java.util.List;

/** Lets the simulated raters answer everything in the labeling queue. */
public final class SimulateLabelsJob implements Job<SimulateLabelsJob.Config> {

  public record Config(String path, int labelsPerItem, long seed) {
    public Config {
      Problems.in("simulate-labels")
          .require(!path.isBlank(), "path is empty")
          .require(labelsPerItem >= 1, "labels-per-item must be at least 1, got %d", labelsPerItem)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    List<RaterSimulator.Item> items =
        context
            .tables()
            .read(LABELING_QUEUE)
            .select("item_id", "prompt", "completion_a", "completion_b", "is_gold")
            .dropDuplicates("item_id")
            .orderBy("item_id")
            .collectAsList()
            .stream()
            .map(
                row ->
                    new RaterSimulator.Item(
                        row.getString(0),
                        row.getString(1),
                        row.getString(2),
                        row.getString(3),
                        row.getBoolean(4)))
            .toList();

    context.countRead(items.size());
    try (OutputFolder folder = context.output(config.path())) {
      long labels =
          new RaterSimulator(config.labelsPerItem(), config.seed()).write(folder.path(), items);
      folder.publish("labels.csv");
      folder.publish("raters.json");
      context.say("%,d labels on %,d items in %s", labels, items.size(), folder);
    }
  }
}
