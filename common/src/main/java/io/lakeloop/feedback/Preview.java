package io.lakeloop.feedback;

import io.lakeloop.run.JobContext;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Shows what the first records of an input would become. */
public final class Preview {
  private static final int LONGEST = 160;

  private Preview() {}

  /**
   * Says each of the first rows, and why those are refused that are.
   *
   * @param rows with source_file, line, reason_code and reason
   * @param shown what is said of a row that is not refused
   */
  public static void say(
      JobContext context, Dataset<Row> rows, int most, Function<Row, String> shown) {
    List<Row> first = rows.limit(most).collectAsList();
    for (Row row : first) {
      String code = row.getAs("reason_code");
      context.say(
          "%s",
          place(row)
              + (code == null
                  ? shown.apply(row)
                  : "refused, " + code + ": " + row.<String>getAs("reason")));
    }
    context.say("the first %d of the input; nothing was written", first.size());
  }

  private static String place(Row row) {
    return "%s line %d: ".formatted(row.<String>getAs("source_file"), row.<Long>getAs("line"));
  }

  /** A text in quotes, on one line, cut where it is long. */
  public static String quoted(String text) {
    if (text == null) {
      return "nothing";
    }
    String line = text.replaceAll("\\s+", " ").strip();
    return line.length() <= LONGEST
        ? "\"" + line + "\""
        : "\"" + line.substring(0, LONGEST) + "...\" (" + text.length() + " characters)";
  }
}
