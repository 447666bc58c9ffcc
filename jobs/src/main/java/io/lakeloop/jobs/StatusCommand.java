package io.lakeloop.jobs;

import io.lakeloop.run.Environments.Environment;
import io.lakeloop.run.Invocation;
import io.lakeloop.run.UnfinishedRuns;
import io.lakeloop.run.UnfinishedRuns.Unfinished;
import java.io.PrintStream;
import java.util.List;

/** Tells which runs are at work, and which died and how to go on with them. */
final class StatusCommand {
  private StatusCommand() {}

  static int run(Invocation invocation, Environment environment, PrintStream out) throws Exception {
    List<Unfinished> runs = UnfinishedRuns.of(environment.lake(), environment.artifacts());
    if (runs.isEmpty()) {
      out.println("every run has ended");
    }
    for (Unfinished run : runs) {
      out.printf(
          "%-8s %s, a run of %s, since %s, by the driver %s%n",
          run.isAlive() ? "at work" : "died",
          run.runId(),
          run.job(),
          run.startedAt(),
          run.driver() == null ? "of an earlier version" : run.driver());
      if (!run.isAlive()) {
        out.printf(
            "         nothing is lost: submit it again with the settings it began with, which are in"
                + " the table runs:%n         submit-scripts/submit %s --env %s --run-id %s%s ...%n",
            run.job(),
            invocation.environment(),
            run.runId(),
            invocation.lake().map(lake -> " --lake " + lake).orElse(""));
      }
    }
    return 0;
  }
}
