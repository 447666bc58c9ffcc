package io.lakeloop.jobs;

import java.io.BufferedOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Prints rows as they come, so that their number does not matter. */
final class ResultPrinter {
  static final List<String> FORMATS = List.of("table", "csv", "json");

  private static final int WIDEST_CELL = 60;

  /** A table's columns are as wide as in its first rows; what is wider later juts out. */
  private static final int ROWS_MEASURED = 1000;

  /** What would move the cursor, ring, recolour, or turn the line around. */
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

  private final PrintStream out;
  private final String format;

  /**
   * @param format one of {@link #FORMATS}
   */
  ResultPrinter(OutputStream out, String format) {
    this.out =
        new PrintStream(new BufferedOutputStream(out, 1 << 16), false, StandardCharsets.UTF_8);
    this.format = format;
  }

  void print(Dataset<Row> rows) {
    switch (format) {
      case "json" -> lines(rows.toJSON().toLocalIterator());
      case "csv" -> csv(rows);
      default -> table(rows);
    }
    out.flush();
  }

  /** Ends early where nobody reads any more, as behind {@code | head}. */
  private void lines(Iterator<String> lines) {
    for (long printed = 0; lines.hasNext(); printed++) {
      if (printed % ROWS_MEASURED == ROWS_MEASURED - 1 && out.checkError()) {
        return;
      }
      out.println(lines.next());
    }
  }

  private void csv(Dataset<Row> rows) {
    out.println(String.join(",", quoted(List.of(rows.columns()))));
    lines(mapped(rows.toLocalIterator(), row -> String.join(",", quoted(cells(row)))));
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
      cells.add(cell == null ? "" : text(cell));
    }
    return cells;
  }

  private static String text(Object cell) {
    if (cell instanceof scala.collection.Map<?, ?> map) {
      return texts(map.iterator().map(entry -> text(entry._1()) + " -> " + text(entry._2())));
    }
    if (cell instanceof scala.collection.Iterable<?> many) {
      return texts(many.iterator().map(ResultPrinter::text));
    }
    if (cell instanceof Row row) {
      return texts(row.toSeq().iterator().map(ResultPrinter::text));
    }
    if (cell == null) {
      return "null";
    }
    return cell instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : cell.toString();
  }

  private static String texts(scala.collection.Iterator<String> parts) {
    return parts.mkString("[", ", ", "]");
  }

  private void table(Dataset<Row> rows) {
    List<List<String>> first = new ArrayList<>();
    first.add(Arrays.stream(rows.columns()).map(ResultPrinter::shown).toList());
    Iterator<List<String>> all =
        mapped(
            rows.toLocalIterator(), row -> cells(row).stream().map(ResultPrinter::shown).toList());
    while (all.hasNext() && first.size() <= ROWS_MEASURED) {
      first.add(all.next());
    }
    int[] widths = widths(first);
    out.println(line(first.get(0), widths));
    out.println(
        Arrays.stream(widths)
            .mapToObj(width -> "-".repeat(Math.max(1, width)))
            .collect(Collectors.joining("  ")));
    lines(mapped(first.subList(1, first.size()).iterator(), row -> line(row, widths)));
    lines(mapped(all, row -> line(row, widths)));
  }

  private static int[] widths(List<List<String>> lines) {
    int[] widths = new int[lines.get(0).size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    return widths;
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String cell = cells.get(i);
      text.append(cell).append(" ".repeat(Math.max(0, widths[i] - cell.length()) + 2));
    }
    return text.toString().stripTrailing();
  }

  /** A cell on one line, cut where it is long, with control characters as what they are called. */
  private static String shown(String cell) {
    String line = cell.replaceAll("\\s+", " ");
    String cut = line.length() <= WIDEST_CELL ? line : line.substring(0, WIDEST_CELL - 1) + "…";
    return CONTROL
        .matcher(cut)
        .replaceAll(match -> String.format("\\\\u%04x", match.group().codePointAt(0)));
  }

  private static <A, B> Iterator<B> mapped(
      Iterator<A> source, java.util.function.Function<A, B> each) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return source.hasNext();
      }

      @Override
      public B next() {
        return each.apply(source.next());
      }
    };
  }
}
