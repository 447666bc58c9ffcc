package io.lakeloop.run;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.Quoted;
import io.lakeloop.config.UserError;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a command line asks for, whatever the job.
 *
 * @param conf folder that holds a folder of settings for each environment
 * @param lake given, or empty for the environment's own
 * @param runId given, or empty for a fresh one
 * @param overrides {@code --set key=value}, in their order
 * @param terminal somebody watches standard error
 */
public record Invocation(
    Name environment,
    Path conf,
    Optional<String> lake,
    Optional<Name> runId,
    Map<String, String> overrides,
    boolean terminal) {

  /**
   * Reads {@code --env --conf --lake --run-id --set}, and {@code --to E}, which is short for {@code
   * --set to=E}.
   *
   * @throws UserError CONFIG_INVALID naming the argument that is wrong, or given twice: a second
   *     {@code --conf} behind that of the scripts would replace an environment's reviewed settings
   */
  public static Invocation parse(List<String> arguments) {
    Name environment = Name.parse("local");
    Path conf = Path.of("conf");
    Optional<String> lake = Optional.empty();
    Optional<Name> runId = Optional.empty();
    Map<String, String> overrides = new LinkedHashMap<>();
    boolean terminal = false;
    Set<String> given = new HashSet<>();
    Iterator<String> rest = arguments.iterator();
    while (rest.hasNext()) {
      String argument = rest.next();
      if (!argument.equals("--set") && !given.add(argument)) {
        throw invalid("%s is given twice", argument);
      }
      switch (argument) {
        case "--env" -> environment = name(argument, value(argument, rest));
        case "--conf" -> conf = Path.of(value(argument, rest));
        case "--lake" -> lake = Optional.of(value(argument, rest));
        case "--run-id" -> runId = Optional.of(name(argument, value(argument, rest)));
        case "--to" -> overrides.put("to", name(argument, value(argument, rest)).text());
        case "--terminal" -> terminal = true;
        case "--set" -> {
          String[] pair = value(argument, rest).split("=", 2);
          if (pair.length < 2 || pair[0].isBlank()) {
            throw invalid("--set takes key=value, got %s", Quoted.of(String.join("=", pair)));
          }
          overrides.put(pair[0].strip(), pair[1]);
        }
        default -> throw invalid("the argument %s is unknown", Quoted.of(argument));
      }
    }
    return new Invocation(environment, conf, lake, runId, overrides, terminal);
  }

  private static String value(String argument, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw invalid("%s needs a value", argument);
    }
    return rest.next();
  }

  private static Name name(String argument, String value) {
    try {
      return Name.parse(value);
    } catch (IllegalArgumentException e) {
      throw invalid("%s: %s", argument, e.getMessage());
    }
  }

  private static UserError invalid(String why, Object... arguments) {
    return new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot read the command line: %s. Known: --env E --conf DIR --lake DIR --run-id ID --set"
            + " key=value --to E.",
        String.format(java.util.Locale.ROOT, why, arguments));
  }
}
