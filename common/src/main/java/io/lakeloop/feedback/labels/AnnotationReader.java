package io.lakeloop.feedback.labels;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.text.TextCleaner;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Reads labels from what annotation tools export: tasks or records with the answers in them. */
public final class AnnotationReader {
  /** Which tool wrote the file. */
  public enum Tool {
    /** A JSON array of tasks with {@code annotations}, whose results are pairwise, ranker, ... */
    LABEL_STUDIO,
    /** Records with {@code responses}, by question (version 2) or by user (version 1). */
    ARGILLA
  }

  private AnnotationReader() {}

  /**
   * Columns of labels but run_id, and those of Quarantine.
   *
   * @param question of answers that name none
   * @param cleaning what is done to personal data
   */
  public static Dataset<Row> read(
      SourceFiles files, Tool tool, String question, TextCleaner.Settings cleaning) {
    return files.read(
        LabelRow.SCHEMA,
        (file, name, in) -> {
          TextCleaner cleaner = new TextCleaner(cleaning);
          return new JsonRecords(file, in)
              .stream()
                  .flatMap(
                      entry ->
                          labels(entry, tool).stream()
                              .map(
                                  label ->
                                      label.row(
                                          file, entry.line(), question, entry.text(), cleaner)))
                  .iterator();
        });
  }

  private static List<LabelRow> labels(JsonRecords.Entry entry, Tool tool) {
    List<LabelRow> labels = new ArrayList<>();
    if (entry.refusal() != null) {
      labels.add(new LabelRow().refuse(entry.refusal().code(), entry.refusal().reason()));
    } else if (tool == Tool.LABEL_STUDIO) {
      labelStudio(entry.node(), labels);
    } else {
      argilla(entry.node(), labels);
    }
    if (labels.isEmpty()) {
      labels.add(new LabelRow().refuse("MISSING_FIELD", "the record holds no answer"));
    }
    return labels;
  }

  private static void labelStudio(JsonNode task, List<LabelRow> labels) {
    String item =
        task.at("/data/item_id").isTextual()
            ? task.at("/data/item_id").textValue()
            : task.path("id").asText(null);
    for (JsonNode annotation : task.path("annotations")) {
      String comment = null;
      List<String> reasons = new ArrayList<>();
      List<LabelRow> answers = new ArrayList<>();
      for (JsonNode result : annotation.path("result")) {
        JsonNode value = result.path("value");
        String name = result.path("from_name").asText("");
        if (value.has("text")) {
          comment =
              value.get("text").isArray() ? joined(value.get("text")) : text(value.get("text"));
        } else if (name.equals("reasons")) {
          value.path("choices").forEach(reason -> reasons.add(reason.asText()));
        } else {
          answers.add(new LabelRow().set("question", name).set("value", answer(value, task)));
        }
      }
      if (annotation.path("was_cancelled").asBoolean(false)) {
        answers.clear();
        answers.add(new LabelRow().refuse(Refusal.CANCELLED, "the rater skipped the item"));
      } else if (answers.isEmpty()) {
        answers.add(new LabelRow().refuse("NO_ANSWER", "the rater submitted without an answer"));
      }
      for (LabelRow answer : answers) {
        labels.add(
            answer
                .set("item_id", item)
                .set("rater_id", rater(annotation.path("completed_by")))
                .set("comment", comment)
                .set("submitted_at", text(annotation.path("created_at")))
                .set("lead_time", text(annotation.path("lead_time")))
                .set("shown_position", text(task.at("/data/shown_position")))
                .set("guideline_version", text(task.at("/data/guideline_version")))
                .set("batch", text(task.at("/data/batch")))
                .reasons(reasons)
                .groundTruth(annotation.path("ground_truth").asBoolean(false)));
      }
    }
  }

  /** A person is a number or an object; an e-mail address is not taken over. */
  private static String rater(JsonNode completedBy) {
    return text(completedBy.isObject() ? completedBy.path("id") : completedBy);
  }

  /** The value of a control: a pair's side by what was shown left, ranks as a&gt;b, or a choice. */
  private static String answer(JsonNode value, JsonNode task) {
    if (value.has("selected")) {
      boolean swapped = task.at("/data/shown_position").asText("ab").equals("ba");
      return switch (value.get("selected").asText()) {
        case "left" -> swapped ? "b" : "a";
        case "right" -> swapped ? "a" : "b";
        default -> "tie";
      };
    }
    if (value.has("ranker")) {
      JsonNode ranker = value.get("ranker");
      JsonNode order =
          ranker.isArray()
              ? ranker
              : ranker.elements().hasNext() ? ranker.elements().next() : ranker;
      return ranked(order);
    }
    for (String control : List.of("choices", "taxonomy")) {
      if (value.has(control)) {
        return joined(value.get(control));
      }
    }
    return value.has("rating") ? text(value.get("rating")) : text(value.path("number"));
  }

  private static String ranked(JsonNode order) {
    List<String> names = new ArrayList<>();
    order.forEach(name -> names.add(name.asText()));
    return names.isEmpty() ? null : String.join(">", names);
  }

  private static String joined(JsonNode values) {
    List<String> all = new ArrayList<>();
    values.forEach(value -> all.add(value.asText()));
    return String.join(",", all);
  }

  private static void argilla(JsonNode record, List<LabelRow> labels) {
    String item = text(record.has("external_id") ? record.get("external_id") : record.path("id"));
    JsonNode responses = record.path("responses");
    if (responses.isObject()) {
      responses
          .properties()
          .forEach(
              question ->
                  question
                      .getValue()
                      .forEach(
                          response ->
                              labels.add(
                                  argilla(
                                      item, response, question.getKey(), response.path("value")))));
      return;
    }
    for (JsonNode response : responses) {
      JsonNode answers = response.path("values");
      answers
          .properties()
          .forEach(
              question ->
                  labels.add(
                      argilla(
                          item, response, question.getKey(), question.getValue().path("value"))));
      if (answers.isEmpty()) {
        labels.add(
            argilla(item, response, null, MissingNode.getInstance())
                .refuse("NO_ANSWER", "the rater submitted without an answer"));
      }
    }
  }

  private static LabelRow argilla(String item, JsonNode response, String question, JsonNode value) {
    LabelRow label =
        new LabelRow()
            .set("item_id", item)
            .set("rater_id", text(response.path("user_id")))
            .set("question", question)
            .set("submitted_at", text(response.path("inserted_at")))
            .set("value", argillaValue(value));
    String status = response.path("status").asText("submitted");
    return status.equals("submitted")
        ? label
        : label.refuse(Refusal.CANCELLED, "the response was not submitted");
  }

  /** A ranking is a list of values with ranks; several labels are joined. */
  private static String argillaValue(JsonNode value) {
    if (!value.isArray()) {
      return text(value);
    }
    if (value.size() == 0 || !value.get(0).has("rank")) {
      return joined(value);
    }
    List<JsonNode> ranks = new ArrayList<>();
    value.forEach(ranks::add);
    ranks.sort((a, b) -> Integer.compare(a.path("rank").asInt(), b.path("rank").asInt()));
    StringBuilder order = new StringBuilder();
    for (int i = 0; i < ranks.size(); i++) {
      boolean tied =
          i > 0 && ranks.get(i).path("rank").asInt() == ranks.get(i - 1).path("rank").asInt();
      order.append(i == 0 ? "" : tied ? "=" : ">").append(ranks.get(i).path("value").asText());
    }
    return order.toString();
  }

  private static String text(JsonNode node) {
    return node.isMissingNode() || node.isNull() ? null : node.asText();
  }
}
