package io.lakeloop.feedback.pairs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
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
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/** Reads preference pairs that were made elsewhere: item_id and texts, and how sure they are. */
public final class PairReader {
  /** Columns of a table with a pair in each row. */
  public static final List<String> REQUIRED = List.of("prompt", "chosen", "rejected");

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
      return Stream.of(AnswerRows.alone(row, null));
    }
    try {
      PairFormat format = format(entry.node(), reading);
      Optional<ScoredAnswer> answer = format.answer(entry.node());
      if (answer.isPresent()) {
        return Stream.of(
            AnswerRows.together(file, entry.line(), answer.get(), format.name(), entry.text()));
      }
      Certainty certainty = Certainty.of(entry.node(), reading.marginPerScore());
      return Stream.concat(
          format.pairs(entry.node()).stream()
              .map(pair -> certainty.of(pair).row(file, entry.line(), record, cleaner))
              .map(row -> AnswerRows.alone(row, format.name())),
          format.leftOut(entry.node()).stream()
              .map(left -> Pair.refused(file, entry.line(), left, record))
              .map(row -> AnswerRows.alone(row, null)));
    } catch (Unusable e) {
      return Stream.of(
          AnswerRows.alone(Pair.refused(file, entry.line(), e.refusal(), record), null));
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
          requireColumns(file, records.header(), REQUIRED);
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

  /**
   * The same from Parquet, each row as a record.
   *
   * @param required columns without which it is not read
   */
  public static Dataset<Row> parquet(SourceFiles files, List<String> required, Reading reading) {
    ParquetFiles parquet = files.parquet();
    requireColumns(files.files().get(0).name(), parquet.columns(), required);
    Dataset<Row> read =
        parquet
            .records(parquet.columns())
            .mapPartitions(
                (MapPartitionsFunction<Row, Row>)
                    part -> {
                      TextCleaner cleaner = new TextCleaner(reading.cleaning());
                      Iterable<Row> all = () -> part;
                      return StreamSupport.stream(all.spliterator(), false)
                          .flatMap(row -> rows(row.getString(0), entry(row), reading, cleaner))
                          .iterator();
                    },
                Encoders.row(AnswerRows.SCHEMA));
    return AnswerRows.paired(read, reading);
  }

  private static JsonRecords.Entry entry(Row row) {
    return JsonRecords.entry(row.getLong(1), row.getString(2));
  }

  private static void requireColumns(String file, List<String> present, List<String> required) {
    for (String column : required) {
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
