package io.lakeloop.jobs.simulation;

import io.lakeloop.config.Problems;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.OutputFolder;
import io.lakeloop.supportdesk.LogSimulator;
import java.util.List;

/** Writes the logs of a simulated support desk, with known flaws planted in them. */
public final class SimulateLogsJob implements Job<SimulateLogsJob.Config> {

  public record Config(String path, int conversations, int size, int goldQuestions, long seed) {
    private static final long MOST_CONVERSATIONS = 36_000_000;

    public Config {
      Problems.in("simulate-logs")
          .require(!path.isBlank(), "path is empty")
          .require(conversations >= 1, "conversations must be at least 1, got %d", conversations)
          .require(size >= 1, "size must be at least 1, got %d", size)
          .require(
              (long) conversations * size <= MOST_CONVERSATIONS,
              "conversations times size must be at most %,d, got %d and %d",
              MOST_CONVERSATIONS,
              conversations,
              size)
          .require(
              goldQuestions >= 0 && goldQuestions <= 1_000_000,
              "gold-questions must lie in 0..1,000,000, got %d",
              goldQuestions)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    try (OutputFolder folder = context.output(config.path())) {
      LogSimulator.Planted planted =
          new LogSimulator(config.conversations() * config.size(), config.seed())
              .write(folder.path(), config.goldQuestions());
      for (String file : List.of("logs.jsonl", "gold-questions.jsonl", "planted.json")) {
        folder.publish(file);
      }
      context.say("%,d log lines in %s", planted.lines, folder);
    }
  }
}
