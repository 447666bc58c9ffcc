package io.lakeloop.jobs;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.run.Invocation;
import io.lakeloop.run.JobDefinition;
import io.lakeloop.table.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** What --list and --help print. */
final class Help {
  private Help() {}

  static String list() {
    StringBuilder text = new StringBuilder();
    for (JobDefinition<?> job : JobCatalogue.jobs()) {
      text.append(String.format("%-20s %s%n", job.name(), job.summary()));
    }
    return text.toString();
  }

  /** The settings file is where defaults and their meaning live, so it is what is shown. */
  static String of(JobDefinition<?> job, Invocation invocation) throws IOException {
    Path file = invocation.conf().resolve(invocation.environment()).resolve(job.name() + ".yaml");
    if (!Files.isRegularFile(file)) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot show the settings of %s: there is no file %s. Name a folder of settings with"
              + " --conf, or an environment with --env.",
          job.name(),
          file);
    }
    return """
        %s: %s
        reads   %s
        writes  %s

        submit %s [--env E] [--lake DIR] [--run-id ID] [--set key=value]...

        Settings, with their defaults in %s (nested keys are dotted: --set ppo.steps=10):

        %s"""
        .formatted(
            job.name(),
            job.summary(),
            names(job.reads()),
            names(job.writes()),
            job.name(),
            file,
            Files.readString(file));
  }

  private static String names(List<Table> tables) {
    return tables.isEmpty()
        ? "-"
        : tables.stream().map(Table::name).collect(Collectors.joining(", "));
  }
}
