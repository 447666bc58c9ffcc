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
    public Config {
      Problems.in("simulate-logs")
          .require(!path.isBlank(), "path is empty")
          .require(conversations >= 1, "conversations must be at least 1, got %d", conversations)
          .require(size >= 1, "size must be at least 1, got %d", size)
          .require(goldQuestions >= 0, "gold-questions must not be negative, got %d", goldQuestions)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    try (OutputFolder folder = context.output(config.path())) {
      LogSimulator.Planted planted =
          new LogSimulator(Math.multiplyExact(config.conversations(), config.size()), config.seed())
              .write(folder.path(), config.goldQuestions());
      for (String file : List.of("logs.jsonl", "gold-questions.jsonl", "planted.json")) {
        folder.publish(file);
      }
      context.say("%,d log lines in %s", planted.lines, folder);
    }
  }
}
