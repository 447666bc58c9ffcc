package io.lakeloop.feedback.labels;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.lakeloop.feedback.Growth;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.text.Sanitiser;
import io.lakeloop.text.TextCleaner;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    ARGILLA
  }

  private static final List<String> NOT_SUBMITTED = List.of("discarded", "draft", "pending");

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
              .stream().flatMap(entry -> rows(file, entry, tool, question, cleaner)).iterator();
        });
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
    } else if (tool == Tool.LABEL_STUDIO) {
      labelStudio(entry.node(), labels);
    } else {
      argilla(entry.node(), labels);
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

  private static void labelStudio(JsonNode task, List<LabelRow> labels) {
    JsonNode data = task.path("data");
    JsonNode item = data.hasNonNull("item_id") ? data.get("item_id") : task.path("id");
    for (JsonNode annotation : task.path("annotations")) {
      for (LabelRow answer : answers(annotation, data)) {
        labels.add(
            answer
                .set("item_id", item)
                .set("rater_id", rater(annotation.path("completed_by")))
                .set("submitted_at", annotation.path("created_at"))
                .set("lead_time", annotation.path("lead_time"))
                .set("shown_position", data.path("shown_position"))
                .set("guideline_version", data.path("guideline_version"))
                .set("batch", data.path("batch"))
                .groundTruth(annotation.path("ground_truth").asBoolean(false)));
      }
    }
  }

  /** The answers of one annotation, each with its comments and reasons; at least one label. */
  private static List<LabelRow> answers(JsonNode annotation, JsonNode data) {
    boolean areTexts = true;
    List<String> comments = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    List<LabelRow> answers = new ArrayList<>();
    for (JsonNode result : annotation.path("result")) {
      JsonNode value = result.path("value");
      JsonNode name = result.path("from_name");
      if (value.has("text") && !value.has("labels")) {
        areTexts &= addTexts(value.get("text"), comments);
      } else if (name.asText("").equals("reasons") && value.has("choices")) {
        areTexts &= addTexts(value.get("choices"), reasons);
      } else {
        LabelRow answer = new LabelRow().set("question", name);
        answers.add(answer);
        answer(answer, value, data);
      }
    }
    if (annotation.path("was_cancelled").asBoolean(false)) {
      answers.clear();
      answers.add(new LabelRow().refuse(Refusal.CANCELLED, "the rater skipped the item"));
    } else if (answers.isEmpty()) {
      answers.add(new LabelRow().refuse("NO_ANSWER", "the rater submitted without an answer"));
    }
    String comment = String.join("\n", comments);
    for (LabelRow answer : answers) {
      answer.set("comment", comment).reasons(reasons);
      if (!areTexts) {
        answer.refuse("WRONG_TYPE", "comments and reasons must be texts");
      }
    }
    return answers;
  }

  /** Adds what is written in one text or a list of them; false if something is no text. */
  private static boolean addTexts(JsonNode node, List<String> texts) {
    boolean areTexts = true;
    for (JsonNode text : node.isArray() ? node : List.of(node)) {
      areTexts &= text.isValueNode() && !text.isNull();
      if (!text.asText("").isBlank()) {
        texts.add(text.asText());
      }
    }
    return areTexts;
  }

  /** A person is a number or an object; an e-mail address is not taken over. */
  private static JsonNode rater(JsonNode completedBy) {
    return completedBy.isObject() ? completedBy.path("id") : completedBy;
  }

  /** The value of a control: a pair's side by what was shown left, ranks as a&gt;b, or a choice. */
  private static void answer(LabelRow label, JsonNode value, JsonNode data) {
    if (value.has("selected")) {
      boolean swapped = data.path("shown_position").asText("").strip().equals("ba");
      switch (value.get("selected").asText().strip()) {
        case "left" -> label.set("value", swapped ? "b" : "a");
        case "right" -> label.set("value", swapped ? "a" : "b");
        case "tie" -> label.set("value", "tie");
        default -> label.refuse("OUT_OF_RANGE", "selected must be left, right or tie");
      }
    } else if (value.has("ranker")) {
      setAll(label, ranking(value.get("ranker")), ">");
    } else if (value.has("choices")) {
      setAll(label, value.get("choices"), ",");
    } else if (value.has("taxonomy")) {
      setPaths(label, value.get("taxonomy"));
    } else {
      label.set("value", value.has("rating") ? value.get("rating") : value.path("number"));
    }
  }

  /** The one list of a ranker, by itself or by its name; what was not sorted into it is in _. */
  private static JsonNode ranking(JsonNode ranker) {
    List<JsonNode> lists =
        ranker.properties().stream()
            .filter(list -> ranker.size() == 1 || !list.getKey().equals("_"))
            .map(Map.Entry::getValue)
            .toList();
    return ranker.isObject() && lists.size() == 1 ? lists.get(0) : ranker;
  }

  /** Sets the value to all names of a list. */
  private static void setAll(LabelRow label, JsonNode list, String sign) {
    String joined = joined(list, sign);
    if (joined.isEmpty()) {
      label.refuse("WRONG_TYPE", "value must be one list of texts or numbers, none of them blank");
    } else {
      label.set("value", joined);
    }
  }

  /** Sets the value to all paths of a taxonomy, the steps of each joined by slashes. */
  private static void setPaths(LabelRow label, JsonNode paths) {
    List<String> joined = new ArrayList<>();
    paths.forEach(path -> joined.add(joined(path, "/")));
    if (!paths.isArray() || joined.isEmpty() || joined.contains("")) {
      label.refuse("WRONG_TYPE", "value must be a list of paths, no step of which is blank");
    } else {
      label.set("value", String.join(",", joined));
    }
  }

  /** The names of a list, or nothing where it is none, or one of them is no name. */
  private static String joined(JsonNode list, String sign) {
    List<String> names = new ArrayList<>();
    list.forEach(name -> names.add(named(name)));
    return !list.isArray() || names.contains("") ? "" : String.join(sign, names);
  }

  /** A name, or nothing where it is none. */
  private static String named(JsonNode node) {
    boolean isName = node.isValueNode() && !node.isNull();
    return isName && !Sanitiser.clean(node.asText()).isBlank() ? node.asText().strip() : "";
  }

  private static void argilla(JsonNode record, List<LabelRow> labels) {
    JsonNode item =
        record.hasNonNull("external_id") ? record.get("external_id") : record.path("id");
    JsonNode responses = record.path("responses");
    if (responses.isObject()) {
      responses
          .properties()
          .forEach(question -> argilla(item, question.getKey(), question.getValue(), labels));
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
      if (!answers.isObject() || answers.isEmpty()) {
        labels.add(
            argilla(item, response, null, MissingNode.getInstance())
                .refuse("NO_ANSWER", "the response holds no answers by question"));
      }
    }
  }

  /** The answers to one question. */
  private static void argilla(
      JsonNode item, String question, JsonNode responses, List<LabelRow> labels) {
    if (!responses.isArray()) {
      labels.add(
          new LabelRow()
              .set("item_id", item)
              .set("question", question)
              .refuse("WRONG_TYPE", "the answers to a question must be a list"));
      return;
    }
    responses.forEach(
        response -> labels.add(argilla(item, response, question, response.path("value"))));
  }

  private static LabelRow argilla(
      JsonNode item, JsonNode response, String question, JsonNode value) {
    LabelRow label =
        new LabelRow()
            .set("item_id", item)
            .set("rater_id", response.path("user_id"))
            .set("question", question)
            .set("submitted_at", response.path("inserted_at"));
    String status = response.path("status").asText("submitted");
    if (NOT_SUBMITTED.contains(status)) {
      return label.refuse(Refusal.CANCELLED, "the response was not submitted");
    }
    if (!status.equals("submitted")) {
      return label.refuse(
          "OUT_OF_RANGE", "status must be submitted or one of " + String.join(", ", NOT_SUBMITTED));
    }
    if (!value.isArray()) {
      return label.set("value", value);
    }
    if (value.isEmpty() || !value.get(0).has("rank")) {
      setAll(label, value, ",");
    } else {
      setRanks(label, value);
    }
    return label;
  }

  /** Values with ranks, first to last: a&gt;b, or a=b where they share one. */
  private static void setRanks(LabelRow label, JsonNode value) {
    List<JsonNode> ranks = new ArrayList<>();
    value.forEach(ranks::add);
    if (ranks.stream().anyMatch(r -> !r.path("rank").isInt() || named(r.path("value")).isEmpty())) {
      label.refuse("WRONG_TYPE", "a ranking must have a value and a rank that is a whole number");
      return;
    }
    ranks.sort((a, b) -> Integer.compare(a.get("rank").intValue(), b.get("rank").intValue()));
    StringBuilder order = new StringBuilder();
    for (int i = 0; i < ranks.size(); i++) {
      boolean tied = i > 0 && ranks.get(i).get("rank").equals(ranks.get(i - 1).get("rank"));
      order.append(i == 0 ? "" : tied ? "=" : ">").append(named(ranks.get(i).get("value")));
    }
    label.set("value", order.toString());
  }
}
