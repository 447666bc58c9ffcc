package io.lakeloop.jobs;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.table.Lake;
import io.lakeloop.table.Table;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.InsertIntoStatement;

/** Answers one query over the lake's tables on standard output. */
final class SqlCommand {
  private static final List<String> READING =
      List.of("select", "with", "show", "describe", "desc", "explain", "values", "from", "table");
  private static final int WIDEST_CELL = 60;

  private SqlCommand() {}

  static int run(List<String> arguments) {
    Path conf = Path.of("conf");
    String environment = "local";
    Optional<String> root = Optional.empty();
    String format = "table";
    String query = null;
    Iterator<String> rest = arguments.iterator();
    while (rest.hasNext()) {
      String argument = rest.next();
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
    if (!List.of("table", "csv", "json").contains(format)) {
      throw invalid("--format must be table, csv or json, got '%s'", format);
    }
    String first = query.strip().split("\\W+", 2)[0].toLowerCase(Locale.ROOT);
    if (!first.isEmpty() && !READING.contains(first)) {
      throw invalid("'%s' does not read; only jobs write to the lake", first);
    }
    return answer(Main.environment(conf, environment, root).lake(), query, format);
  }

  private static int answer(Lake lake, String query, String format) {
    List<Table> tables = lake.register();
    if (tables.isEmpty()) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot query the lake %s: it holds no table. Run submit-scripts/quickstart, or name"
              + " another with --lake.",
          lake.root());
    }
    try {
      // WITH and FROM may open an INSERT, too.
      if (lake.spark()
          .sessionState()
          .sqlParser()
          .parsePlan(query)
          .exists(node -> node instanceof InsertIntoStatement)) {
        throw invalid("the query inserts; only jobs write to the lake");
      }
      print(lake.spark().sql(query), format);
      return 0;
    } catch (AnalysisException e) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot answer the query: %s",
          e.getMessage()
              .lines()
              .filter(line -> !line.isBlank())
              .findFirst()
              .orElse("it is not understood"));
    }
  }

  private static void print(Dataset<Row> rows, String format) {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    switch (format) {
      case "json" -> rows.toJSON().toLocalIterator().forEachRemaining(out::println);
      case "csv" -> csv(rows, out);
      default -> table(rows, out);
    }
    out.flush();
  }

  private static void csv(Dataset<Row> rows, PrintStream out) {
    out.println(String.join(",", quoted(List.of(rows.columns()))));
    rows.toLocalIterator()
        .forEachRemaining(row -> out.println(String.join(",", quoted(cells(row)))));
  }

  private static List<String> quoted(List<String> cells) {
    return cells.stream()
        .map(
            cell ->
                cell.matches("(?s).*[\",\n\r].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell)
        .toList();
  }

  private static List<String> cells(Row row) {
    List<String> cells = new ArrayList<>();
    for (int i = 0; i < row.size(); i++) {
      Object cell = row.get(i);
      cells.add(
          cell == null
              ? ""
              : cell instanceof scala.collection.Iterable<?> many
                  ? many.mkString("[", ", ", "]")
                  : cell.toString());
    }
    return cells;
  }

  private static void table(Dataset<Row> rows, PrintStream out) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of(rows.columns()));
    for (Row row : rows.collectAsList()) {
      lines.add(cells(row).stream().map(SqlCommand::cut).toList());
    }
    int[] widths = new int[rows.columns().length];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (int l = 0; l < lines.size(); l++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        text.append(String.format("%-" + Math.max(1, widths[i]) + "s  ", lines.get(l).get(i)));
      }
      out.println(text.toString().stripTrailing());
      if (l == 0) {
        out.println(
            java.util.Arrays.stream(widths)
                .mapToObj(width -> "-".repeat(Math.max(1, width)))
                .collect(Collectors.joining("  ")));
      }
    }
  }

  private static String cut(String cell) {
    String line = cell.replaceAll("\\s+", " ");
    return line.length() <= WIDEST_CELL ? line : line.substring(0, WIDEST_CELL - 1) + "…";
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
