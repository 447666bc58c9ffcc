package io.lakeloop.feedback.pairs;

import static org.apache.spark.sql.functions.col;

import io.lakeloop.chat.Conversation;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.CleanedRows;
import io.lakeloop.feedback.CsvRecords;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.text.TextCleaner;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Reads UKPConvArg1 (Habernal and Gurevych 2016, <a href="https://aclanthology.org/P16-1150/">which
 * argument is more convincing</a>): a folder with {@code arguments.csv} and {@code pairs.csv},
 * plain or compressed. The topic is the prompt.
 */
public final class ConvincingArguments {
  private static final String ARGUMENTS = "arguments.csv";
  private static final String PAIRS = "pairs.csv";

  /** A row of either file: of its columns those that are asked for, in their order. */
  private static final StructType ROW =
      new StructType()
          .add("source_file", DataTypes.StringType)
          .add("line", DataTypes.LongType)
          .add("cells", DataTypes.createArrayType(DataTypes.StringType))
          .add("reason_code", DataTypes.StringType)
          .add("reason", DataTypes.StringType)
          .add("payload", DataTypes.StringType);

  private ConvincingArguments() {}

  /** Those of the files that hold the arguments and the pairs. */
  public static SourceFiles files(SourceFiles found) {
    return found.only(ARGUMENTS, PAIRS);
  }

  /**
   * Columns of preferences that the files give, and those of Quarantine.
   *
   * @param cleaning what is done to personal data
   */
  public static Dataset<Row> read(SourceFiles files, TextCleaner.Settings cleaning) {
    return CleanedRows.of(
        voted(files), Pair.SCHEMA, cleaning, (row, cleaner) -> row(Voted.of(row), cleaner));
  }

  private static Row row(Voted pair, TextCleaner cleaner) {
    if (pair.refusal() != null) {
      return Pair.refused(pair.file(), pair.line(), pair.refusal(), pair.record());
    }
    if (!"a1".equals(pair.gold()) && !"a2".equals(pair.gold())) {
      Refusal undecided = new Refusal(Refusal.CANCELLED, "the votes tell no better one");
      return Pair.refused(pair.file(), pair.line(), undecided, pair.record());
    }
    boolean first = pair.gold().equals("a1");
    return Pair.of(
            Conversation.of(pair.prompt()),
            first ? pair.first() : pair.second(),
            first ? pair.second() : pair.first())
        .row(pair.file(), pair.line(), pair.record(), cleaner);
  }

  /**
   * A pair that was voted on.
   *
   * @param gold a1, a2 or null
   * @param refusal null where it is in order
   */
  public record Voted(
      String file,
      long line,
      String id,
      String prompt,
      String first,
      String second,
      String gold,
      Refusal refusal,
      Payload record) {

    /** Reads a row of {@link #voted}. */
    public static Voted of(Row row) {
      Refusal refusal = row.isNullAt(7) ? null : new Refusal(row.getString(7), row.getString(8));
      return new Voted(
          row.getString(0),
          row.getLong(1),
          row.getString(2),
          row.getString(3),
          row.getString(4),
          row.getString(5),
          row.getString(6),
          refusal,
          new Payload(row.getString(9)));
    }
  }

  /** All pairs that were voted on, and the rows of both files that are refused. */
  public static Dataset<Row> voted(SourceFiles files) {
    Dataset<Row> arguments = rows(files, ARGUMENTS, List.of("arg_id", "stance", "text"));
    Dataset<Row> texts = arguments.where("reason_code IS NULL");
    Dataset<Row> first =
        texts.selectExpr("cells[0] AS first_id", "cells[1] AS stance", "cells[2] AS first");
    Dataset<Row> second = texts.selectExpr("cells[0] AS second_id", "cells[2] AS second");
    Dataset<Row> pairs =
        rows(files, PAIRS, List.of("topic", "pair_id", "arg1_id", "arg2_id", "gold_label"));
    Dataset<Row> joined =
        pairs
            .join(first, col("cells").getItem(2).equalTo(col("first_id")), "left")
            .join(second, col("cells").getItem(3).equalTo(col("second_id")), "left")
            .selectExpr(
                "source_file",
                "line",
                "cells[1] AS id",
                "concat(replace(regexp_replace(cells[0], '_.*', ''), '-', ' '), '? ', stance)"
                    + " AS prompt",
                "first",
                "second",
                "cells[4] AS gold",
                "coalesce(reason_code, IF(first IS NULL OR second IS NULL, 'MISSING_ARGUMENT',"
                    + " IF(cells[0] IS NULL OR stance IS NULL, 'MISSING_FIELD', NULL))) AS code",
                "coalesce(reason, 'an argument, the topic or the stance is missing') AS reason",
                "payload");
    Dataset<Row> refused =
        arguments
            .where("reason_code IS NOT NULL")
            .selectExpr(
                "source_file",
                "line",
                "NULL AS id",
                "NULL AS prompt",
                "NULL AS first",
                "NULL AS second",
                "NULL AS gold",
                "reason_code AS code",
                "reason",
                "payload");
    return joined.union(refused);
  }

  private static Dataset<Row> rows(SourceFiles files, String name, List<String> columns) {
    SourceFiles own = files.only(name);
    if (own.files().isEmpty()) {
      // INPUT_UNREADABLE lets the next attempt take in other files than those that were found.
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot read the arguments: %s is not among the files. Name the folder that holds %s and"
              + " %s.",
          name,
          ARGUMENTS,
          PAIRS);
    }
    return own.read(
        ROW,
        (file, part, in) -> {
          CsvRecords records = new CsvRecords(file, in);
          List<Integer> places = new ArrayList<>();
          for (String column : columns) {
            if (!records.header().contains(column)) {
              throw new UserError(
                  ErrorCode.INPUT_UNREADABLE,
                  "Cannot read %s: it has no column '%s'. Name it so.",
                  file,
                  column);
            }
            places.add(records.header().indexOf(column));
          }
          return records.stream().map(entry -> row(file, entry, places)).iterator();
        });
  }

  private static Row row(String file, CsvRecords.Entry entry, List<Integer> places) {
    Refusal refusal = entry.refusal();
    String[] cells =
        refusal != null
            ? new String[places.size()]
            : places.stream().map(place -> entry.cells()[place]).toArray(String[]::new);
    return RowFactory.create(
        file,
        entry.line(),
        cells,
        refusal == null ? null : refusal.code(),
        refusal == null ? null : refusal.reason(),
        entry.text());
  }
}
