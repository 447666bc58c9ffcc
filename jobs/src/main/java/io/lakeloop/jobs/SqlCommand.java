package io.lakeloop.jobs;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.table.Lake;
import io.lakeloop.table.ReadOnlySql;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Answers one query over the lake's tables on standard output. */
final class SqlCommand {
  private SqlCommand() {}

  static int run(List<String> arguments) throws Exception {
    Path conf = Path.of("conf");
    String environment = "local";
    Optional<String> root = Optional.empty();
    String format = "table";
    String query = null;
    Set<String> given = new HashSet<>();
    Iterator<String> rest = arguments.iterator();
    while (rest.hasNext()) {
      String argument = rest.next();
      if (argument.startsWith("--") && !given.add(argument)) {
        throw invalid("%s is given twice", argument);
      }
      switch (argument) {
        case "--conf" -> conf = Path.of(value(argument, rest));
        case "--env" -> environment = value(argument, rest);
        case "--lake" -> root = Optional.of(value(argument, rest));
        case "--format" -> format = value(argument, rest);
        default -> {
          if (query != null || argument.startsWith("--")) {
            throw invalid("the argument '%s' is unknown", argument);
          }
          query = argument;
        }
      }
    }
    if (query == null || query.isBlank()) {
      throw invalid("there is no query");
    }
    if (!ResultPrinter.FORMATS.contains(format)) {
      throw invalid("--format must be table, csv or json, got '%s'", format);
    }
    return answer(Main.environment(conf, environment, root).lake(), query, format);
  }

  private static int answer(Lake lake, String query, String format) throws Exception {
    try {
      ResultPrinter printer = new ResultPrinter(System.out, format);
      printer.print(new ReadOnlySql(lake).rows(query));
      return 0;
    } catch (Exception | OutOfMemoryError | StackOverflowError e) {
      Optional<UserError> told = ReadOnlySql.failure(e);
      if (told.isPresent()) {
        throw told.get();
      }
      throw e;
    }
  }

  private static String value(String argument, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw invalid("%s needs a value", argument);
    }
    return rest.next();
  }

  private static UserError invalid(String why, Object... arguments) {
    return new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot read the command line: %s. Use: sql [--env E] [--lake DIR] [--format table|csv|json]"
            + " \"SELECT ...\"",
        String.format(Locale.ROOT, why, arguments));
  }
}
