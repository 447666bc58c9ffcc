package io.lakeloop.feedback.pairs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.CleanedRows;
import io.lakeloop.feedback.CsvRecords;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.ParquetFiles;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.Unusable;
import io.lakeloop.text.TextCleaner;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Reads preference pairs that were made elsewhere: item_id and texts, and how sure they are. */
public final class PairReader {
  private static final List<String> COLUMNS =
      List.of("prompt", "chosen", "rejected", "p_chosen", "weight", "margin", "product");

  private PairReader() {}

  /**
   * What is made of records.
   *
   * @param format null to tell each record's by its fields
   * @param marginPerScore margin of a pair whose answers' scores differ by 1
   */
  public record Reading(PairFormat format, double marginPerScore, TextCleaner.Settings cleaning)
      implements Serializable {}

  /**
   * Columns of preferences that files give, and those of Quarantine. Answers with scores of their
   * own make pairs with those to the same prompt, wherever in the files they stand.
   */
  public static Dataset<Row> json(SourceFiles files, Reading reading) {
    Dataset<Row> read =
        files.read(
            AnswerRows.SCHEMA,
            (file, name, in) -> {
              TextCleaner cleaner = new TextCleaner(reading.cleaning());
              return new JsonRecords(file, in)
                  .stream().flatMap(entry -> rows(file, entry, reading, cleaner)).iterator();
            });
    return AnswerRows.paired(read, reading);
  }

  /** Rows of one record. */
  static Stream<Row> rows(
      String file, JsonRecords.Entry entry, Reading reading, TextCleaner cleaner) {
    Payload record = new Payload(entry.text());
    if (entry.refusal() != null) {
      Row row = Pair.refused(file, entry.line(), entry.refusal(), record);
      return Stream.of(AnswerRows.alone(row));
    }
    try {
      PairFormat format = format(entry.node(), reading);
      Optional<ScoredAnswer> answer = format.answer(entry.node());
      if (answer.isPresent()) {
        return Stream.of(AnswerRows.together(file, entry.line(), answer.get(), entry.text()));
      }
      Certainty certainty = Certainty.of(entry.node(), reading.marginPerScore());
      return format.pairs(entry.node()).stream()
          .map(pair -> certainty.of(pair).row(file, entry.line(), record, cleaner))
          .map(AnswerRows::alone);
    } catch (Unusable e) {
      return Stream.of(AnswerRows.alone(Pair.refused(file, entry.line(), e.refusal(), record)));
    }
  }

  private static PairFormat format(JsonNode record, Reading reading) throws Unusable {
    if (reading.format() != null) {
      return reading.format();
    }
    return PairFormat.of(record)
        .orElseThrow(
            () ->
                new Unusable("UNKNOWN_FORM", "it has the fields of no known form of preferences"));
  }

  /**
   * The same from CSV with one pair per row: prompt, chosen, rejected, and p_chosen, weight,
   * margin, product where there are.
   */
  public static Dataset<Row> csv(SourceFiles files, TextCleaner.Settings cleaning) {
    return files.read(
        Pair.SCHEMA,
        (file, name, in) -> {
          CsvRecords records = new CsvRecords(file, in);
          requireColumns(file, records.header());
          List<String> header = records.header();
          TextCleaner cleaner = new TextCleaner(cleaning);
          return records.stream().map(entry -> row(file, entry, header, cleaner)).iterator();
        });
  }

  private static Row row(
      String file, CsvRecords.Entry entry, List<String> header, TextCleaner cleaner) {
    Payload record = new Payload(entry.text());
    if (entry.refusal() != null) {
      return Pair.refused(file, entry.line(), entry.refusal(), record);
    }
    return row(
        file,
        entry.line(),
        record,
        column -> header.contains(column) ? entry.cells()[header.indexOf(column)] : null,
        cleaner);
  }

  /** The same from Parquet. */
  public static Dataset<Row> parquet(SourceFiles files, TextCleaner.Settings cleaning) {
    ParquetFiles parquet = files.parquet();
    requireColumns(files.files().get(0).name(), parquet.columns());
    List<String> present = COLUMNS.stream().filter(parquet.columns()::contains).toList();
    return CleanedRows.of(
        parquet.texts(present),
        Pair.SCHEMA,
        cleaning,
        (row, cleaner) -> row(row, present, cleaner));
  }

  private static Row row(Row cells, List<String> present, TextCleaner cleaner) {
    return row(
        cells.getString(0),
        cells.getLong(1),
        new Payload(cells.mkString(",")),
        column -> present.contains(column) ? cells.getString(2 + present.indexOf(column)) : null,
        cleaner);
  }

  private static void requireColumns(String file, List<String> present) {
    for (String column : COLUMNS.subList(0, 3)) {
      if (!present.contains(column)) {
        throw new UserError(
            ErrorCode.INPUT_UNREADABLE,
            "Cannot read %s: it has no column '%s', only %d others. Name it so.",
            file,
            column,
            present.size());
      }
    }
  }

  private static Row row(
      String file, long line, Payload record, UnaryOperator<String> cell, TextCleaner cleaner) {
    String prompt = cell.apply("prompt");
    String chosen = cell.apply("chosen");
    String rejected = cell.apply("rejected");
    if (prompt == null || chosen == null || rejected == null) {
      Refusal refusal =
          new Refusal("MISSING_FIELD", "prompt, chosen and rejected must all be there");
      return Pair.refused(file, line, refusal, record);
    }
    return new Pair(
            Conversation.of(prompt),
            chosen,
            rejected,
            number(cell.apply("p_chosen"), 1),
            number(cell.apply("weight"), 1),
            number(cell.apply("margin"), 0),
            cell.apply("product"))
        .row(file, line, record, cleaner);
  }

  /** What is there and is no number becomes one that is refused. */
  private static double number(String text, double otherwise) {
    try {
      return text == null ? otherwise : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}
