package io.lakeloop.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * What holds for all jobs of an environment: {@code environment.yaml} in its folder of settings.
 *
 * @param inherits environment whose job settings hold where this one says nothing, or empty
 * @param lake where the tables are: a folder, or s3a://bucket/prefix
 * @param registry where models are published: a folder, or s3a://bucket/prefix; {lake} is the
 *     lake's root
 * @param openSettings what {@code --set} may change, as job.key, * standing for any text; {@code
 *     --lake} is named lake
 * @param promotesTo environments that promote may copy to
 */
public record EnvironmentSettings(
    NameOrNone inherits,
    String lake,
    String registry,
    List<String> openSettings,
    List<String> promotesTo) {
  private static final String FILE = "environment.yaml";

  public EnvironmentSettings {
    Problems.in("the environment")
        .require(!lake.isBlank(), "lake is empty")
        .require(!registry.isBlank(), "registry is empty")
        .throwIfAny();
  }

  /**
   * Reads the environment's settings.
   *
   * @param conf folder that holds a folder for each environment
   * @throws UserError INPUT_MISSING if there is no such environment, CONFIG_INVALID if none can be
   *     called so
   */
  public static EnvironmentSettings load(Path conf, String environment) {
    return Settings.load(
        EnvironmentSettings.class,
        "the environment " + environment,
        List.of(conf.resolve(name(environment).text()).resolve(FILE)),
        Map.of());
  }

  private static Name name(String environment) {
    try {
      return Name.parse(environment);
    } catch (IllegalArgumentException e) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot read the settings of the environment: %s. Name one with --env.",
          e.getMessage());
    }
  }

  /**
   * Files with a job's settings, each over the ones before it: those of the environments inherited
   * come first.
   *
   * @throws UserError CONFIG_INVALID if environments inherit from each other in a ring,
   *     INPUT_MISSING if none of them has such a file
   */
  public static List<Path> files(Path conf, String environment, String job) {
    Deque<Path> files = new ArrayDeque<>();
    List<String> seen = new ArrayList<>();
    for (String at = environment; !at.isBlank(); at = load(conf, at).inherits().text()) {
      if (seen.contains(at)) {
        throw new UserError(
            ErrorCode.CONFIG_INVALID,
            "Cannot use the environment %s: %s inherits from itself by way of %s. Mend inherits in"
                + " %s.",
            environment,
            at,
            String.join(", ", seen),
            conf.resolve(at).resolve(FILE));
      }
      seen.add(at);
      Path file = conf.resolve(at).resolve(job + ".yaml");
      if (Files.isRegularFile(file)) {
        files.addFirst(file);
      }
    }
    if (files.isEmpty()) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot read the settings of %s: there is no %s.yaml in %s. Name a folder of settings with"
              + " --conf, or an environment with --env.",
          job,
          job,
          String.join(", ", seen.stream().map(at -> conf.resolve(at).toString()).toList()));
    }
    return List.copyOf(files);
  }

  /**
   * Refuses settings on the command line that this environment keeps to its files.
   *
   * @param keys {@code --set} keys of the job
   * @throws UserError CONFIG_INVALID naming those that are not open, and those that are
   */
  public void requireOpen(String environment, String job, Collection<String> keys) {
    List<String> closed =
        keys.stream().map(key -> job + "." + key).filter(key -> !isOpen(key)).toList();
    if (!closed.isEmpty()) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot change %s from the command line: the environment %s leaves open only %s. Change"
              + " the file in its folder of settings, where it is reviewed.",
          String.join(", ", closed),
          environment,
          openSettings.isEmpty() ? "nothing" : String.join(", ", openSettings));
    }
  }

  /**
   * Refuses another lake than the environment's own, unless it leaves that open.
   *
   * @throws UserError CONFIG_INVALID
   */
  public void requireOpenLake(String environment) {
    if (!isOpen("lake")) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use another lake: the environment %s works on %s alone. Leave --lake out, or name"
              + " another environment.",
          environment,
          lake);
    }
  }

  private boolean isOpen(String key) {
    return openSettings.stream()
        .map(pattern -> ("\\Q" + pattern + "\\E").replace("*", "\\E.*\\Q"))
        .anyMatch(key::matches);
  }
}
