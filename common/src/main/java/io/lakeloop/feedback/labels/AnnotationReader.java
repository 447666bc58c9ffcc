package io.lakeloop.feedback.labels;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.feedback.Growth;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.text.TextCleaner;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Reads labels from what annotation tools export: tasks or records with the answers in them. */
public final class AnnotationReader {
  /** Which tool wrote the file. */
  public enum Tool {
    /** A JSON array of tasks with {@code annotations}, whose results are pairwise, ranker, ... */
    LABEL_STUDIO,
    /** Records with {@code responses}, by question (version 2) or by user (version 1). */
    ARGILLA,
    /** Examples with {@code answer}. */
    PRODIGY
  }

  private AnnotationReader() {}

  /**
   * Columns of labels but run_id, and those of Quarantine.
   *
   * @param tool null to tell it by each record's fields
   * @param question of answers that name none
   * @param cleaning what is done to personal data
   */
  public static Dataset<Row> read(
      SourceFiles files, Tool tool, String question, TextCleaner.Settings cleaning) {
    return files.read(
        LabelRow.SCHEMA, (file, name, in) -> rows(file, in, tool, question, cleaning));
  }

  /** Rows of one opened file. */
  static Iterator<Row> rows(
      String file, InputStream in, Tool tool, String question, TextCleaner.Settings cleaning) {
    TextCleaner cleaner = new TextCleaner(cleaning);
    return new JsonRecords(file, in)
        .stream().flatMap(entry -> rows(file, entry, tool, question, cleaner)).iterator();
  }

  /** Rows of one task or record. */
  static Stream<Row> rows(
      String file, JsonRecords.Entry entry, Tool tool, String question, TextCleaner cleaner) {
    Payload record = new Payload(entry.text());
    return labels(entry, tool).stream()
        .map(label -> label.row(file, entry.line(), question, record, cleaner));
  }

  private static List<LabelRow> labels(JsonRecords.Entry entry, Tool tool) {
    List<LabelRow> labels = new ArrayList<>();
    if (entry.refusal() != null) {
      labels.add(new LabelRow().refuse(entry.refusal().code(), entry.refusal().reason()));
    } else {
      add(entry.node(), tool, labels);
    }
    if (labels.stream().mapToLong(LabelRow::length).sum() > Growth.limit(entry.text().length())) {
      labels.clear();
      labels.add(
          new LabelRow().refuse("TOO_MANY_ANSWERS", "its answers are many times its own length"));
    }
    if (labels.isEmpty()) {
      labels.add(new LabelRow().refuse("MISSING_FIELD", "the record holds no answer"));
    }
    return labels;
  }

  private static void add(JsonNode record, Tool tool, List<LabelRow> labels) {
    Tool told = tool == null ? told(record) : tool;
    if (told == null) {
      labels.add(
          new LabelRow()
              .refuse("UNKNOWN_FORM", "it has the fields of no known tool: name the format"));
      return;
    }
    switch (told) {
      case LABEL_STUDIO -> LabelStudioTasks.labels(record, labels);
      case ARGILLA -> ArgillaRecords.labels(record, labels);
      case PRODIGY -> ProdigyTasks.labels(record, labels);
    }
  }

  /** The tool that wrote a record, by its fields, or null. */
  private static Tool told(JsonNode record) {
    if (LabelStudioTasks.fits(record)) {
      return Tool.LABEL_STUDIO;
    } else if (ProdigyTasks.fits(record)) {
      return Tool.PRODIGY;
    }
    return ArgillaRecords.fits(record) ? Tool.ARGILLA : null;
  }
}
