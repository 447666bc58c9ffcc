package io.lakeloop.jobs.report;

import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;

/** Draws the whole loop on one page. */
public final class ReportJob implements Job<ReportJob.Config> {

  public record Config(String path, String landing) {}

  @Override
  public void run(Config config, JobContext context) throws Exception {}
}
