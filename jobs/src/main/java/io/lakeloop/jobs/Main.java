package io.lakeloop.jobs;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.LocalArtifactStore;
import io.lakeloop.registry.Registry;
import io.lakeloop.run.CodeVersion;
import io.lakeloop.run.Console;
import io.lakeloop.run.Invocation;
import io.lakeloop.run.JobRunner;
import io.lakeloop.table.Lake;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/** The one entry point that spark-submit calls: {@code JOB arguments}, quickstart or sql. */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws IOException {
    int code;
    try {
      code = run(List.of(args));
    } catch (UserError e) {
      System.err.println(e.getMessage());
      code = e.code().exitCode();
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

  private static int run(List<String> args) throws IOException {
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
    Clock clock = Clock.systemUTC();
    Console console = new Console(System.err, invocation.terminal(), !quickstart, clock);
    if (quickstart) {
      Quickstart.checkSettings(invocation);
      Lake lake = lake(invocation.lake());
      return new Quickstart(lake, runner(lake, clock, console), console, clock).run(invocation);
    }
    var job = JobCatalogue.job(command);
    Lake lake = lake(invocation.lake());
    return runner(lake, clock, console).run(job, invocation);
  }

  private static JobRunner runner(Lake lake, Clock clock, Console console) {
    Registry registry =
        new Registry(new LocalArtifactStore(Path.of(lake.root()).resolve("registry")));
    return new JobRunner(
        lake, registry, clock, console, CodeVersion.of(Main.class, JobRunner.class));
  }

  /** Opens the lake; Spark's own settings come from spark-submit. */
  static Lake lake(String root) {
    if (URI.create(root.replace(' ', '_')).getScheme() != null) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot open the lake %s: model registries live in local folders so far. Give a folder"
              + " with --lake.",
          root);
    }
    Path folder = Path.of(root).toAbsolutePath().normalize();
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot open the lake %s: it is a file. Give a folder with --lake.",
          folder);
    }
    SparkSession spark = SparkSession.builder().appName("lakeloop").getOrCreate();
    return new Lake(spark, folder.toString());
  }

  /** For tests and the quickstart: arguments as a person would type them. */
  static Invocation invocation(String... args) {
    return Invocation.parse(Arrays.asList(args));
  }
}
