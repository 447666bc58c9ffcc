package io.lakeloop.jobs;

import io.lakeloop.config.EnvironmentSettings;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.run.CodeVersion;
import io.lakeloop.run.Console;
import io.lakeloop.run.Environments;
import io.lakeloop.run.Environments.Environment;
import io.lakeloop.run.Failure;
import io.lakeloop.run.Invocation;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.JobRunner;
import io.lakeloop.text.NameRedactor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/**
 * The one entry point that spark-submit calls: {@code JOB arguments}, quickstart, status or sql.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws Exception {
    int code;
    try {
      code = run(List.of(args));
    } catch (Exception e) {
      UserError error = Failure.userError(e).orElseThrow(() -> e);
      System.err.println(NameRedactor.ofLines().redact(error.getMessage()));
      code = error.code().exitCode();
    }
    SparkSession.getActiveSession()
        .foreach(
            session -> {
              session.stop();
              return null;
            });
    if (code != 0) {
      System.exit(code);
    }
  }

  private static int run(List<String> args) throws Exception {
    String command = args.isEmpty() ? "--list" : args.get(0);
    List<String> rest = args.isEmpty() ? List.of() : args.subList(1, args.size());
    if (command.equals("--list")) {
      System.out.print(Help.list());
      return 0;
    }
    if (command.equals("sql")) {
      return SqlCommand.run(rest);
    }
    boolean quickstart = command.equals("quickstart");
    if (!quickstart && rest.contains("--help")) {
      Invocation invocation =
          Invocation.parse(rest.stream().filter(arg -> !arg.equals("--help")).toList());
      System.out.print(Help.of(JobCatalogue.job(command), invocation));
      return 0;
    }
    Invocation invocation = Invocation.parse(rest);
    EnvironmentSettings settings =
        EnvironmentSettings.load(invocation.conf(), invocation.environment().text());
    settings.requireOpen(invocation.environment().text(), command, invocation.overrides().keySet());
    if (command.equals("status")) {
      Environment environment =
          environment(invocation.conf(), invocation.environment().text(), invocation.lake());
      return StatusCommand.run(invocation, environment, System.out);
    }
    Clock clock = Clock.systemUTC();
    Console console = new Console(System.err, invocation.terminal(), !quickstart, clock);
    if (quickstart) {
      Quickstart.checkSettings(invocation, settings);
    }
    var job = quickstart ? null : JobCatalogue.job(command);
    Environment environment =
        environment(invocation.conf(), invocation.environment().text(), invocation.lake());
    JobRunner runner =
        new JobRunner(
            environment.lake(),
            environment.artifacts(),
            clock,
            console,
            CodeVersion.of(Main.class, JobRunner.class));
    return quickstart
        ? new Quickstart(environment.lake(), runner, console, clock).run(invocation)
        : runner.run(job, invocation);
  }

  /**
   * Opens the environment, on another lake if one is given. Spark's settings are spark-submit's.
   */
  static Environment environment(Path conf, String name, Optional<String> lake) {
    EnvironmentSettings settings = EnvironmentSettings.load(conf, name);
    if (lake.isPresent()) {
      settings.requireOpenLake(name);
    }
    String root = lake.orElse(settings.lake());
    if (!JobContext.isRemote(root) && Files.isRegularFile(Path.of(root))) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot open the lake %s: it is a file. Give a folder or s3a://bucket/prefix with --lake.",
          Path.of(root).toAbsolutePath().normalize());
    }
    return new Environments(ClusterCheck.session(), conf).open(name, root);
  }

  /** For tests and the quickstart: arguments as a person would type them. */
  static Invocation invocation(String... args) {
    return Invocation.parse(Arrays.asList(args));
  }
}
