package io.lakeloop.jobs.report;

import io.lakeloop.config.Problems;
import io.lakeloop.report.LoopReport;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import java.nio.file.Path;

/** Draws the whole loop on one page: funnel, raters, reward, training, win rate, lineage. */
public final class ReportJob implements Job<ReportJob.Config> {

  public record Config(String path, String landing) {
    public Config {
      Problems.in("report").require(!path.isBlank(), "path is empty").throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    Path page = Path.of(context.path(config.path()));
    Path landing = config.landing().isBlank() ? null : Path.of(context.path(config.landing()));

    new LoopReport(context).write(page, landing);

    context.wroteFile(page);
    context.say("wrote %s", page);
  }
}
