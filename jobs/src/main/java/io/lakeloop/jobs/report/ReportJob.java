package io.lakeloop.jobs.report;

import io.lakeloop.config.Problems;
import io.lakeloop.report.LoopReport;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.OutputFolder;

/** Draws the whole loop on one page: funnel, raters, reward, training, win rate, lineage. */
public final class ReportJob implements Job<ReportJob.Config> {

  public record Config(String path, String landing) {
    public Config {
      Problems.in("report")
          .require(!path.isBlank(), "path is empty")
          .require(!path.endsWith("/"), "path must name a file, got '%s'", path)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    int slash = config.path().lastIndexOf('/');
    String page = config.path().substring(slash + 1);
    try (OutputFolder folder =
        context.output(slash < 0 ? "." : slash == 0 ? "/" : config.path().substring(0, slash))) {
      new LoopReport(context).write(folder.file(page), config.landing());
      folder.publish(page);
      context.say("wrote %s/%s", folder, page);
    }
  }
}
