package io.lakeloop.jobs;

import io.lakeloop.config.EnvironmentSettings;
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
    List<Path> files =
        EnvironmentSettings.files(invocation.conf(), invocation.environment().text(), job.name());
    StringBuilder settings = new StringBuilder();
    for (Path file : files) {
      settings.append("# ").append(file).append("\n\n").append(Files.readString(file));
    }
    return """
        %s: %s
        reads   %s
        writes  %s

        submit %s [--env E] [--lake DIR] [--run-id ID] [--set key=value]...

        Settings (nested keys are dotted: --set rollout.steps=10; a later file holds over the ones before it):

        %s"""
        .formatted(
            job.name(),
            job.summary(),
            names(job.reads()),
            names(job.writes()),
            job.name(),
            settings);
  }

  private static String names(List<Table> tables) {
    return tables.isEmpty()
        ? "-"
        : tables.stream().map(Table::name).collect(Collectors.joining(", "));
  }
}
