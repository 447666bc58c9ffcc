package io.lakeloop.feedback.labels;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.feedback.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Label Studio's tasks, with their annotations. */
final class LabelStudioTasks {
  private LabelStudioTasks() {}

  static boolean fits(JsonNode record) {
    return record.has("annotations") && record.has("data");
  }

  static void labels(JsonNode task, List<LabelRow> labels) {
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
      ranked(label, value.get("ranker"));
    } else if (value.has("choices")) {
      AnswerNames.setAll(label, value.get("choices"), ",");
    } else if (value.has("taxonomy")) {
      setPaths(label, value.get("taxonomy"));
    } else {
      label.set("value", value.has("rating") ? value.get("rating") : value.path("number"));
    }
  }

  /**
   * A ranking, or what was sorted into which bucket, by their names: {@code best:a,b;worst:c}. What
   * was sorted into none is in {@code _}.
   */
  private static void ranked(LabelRow label, JsonNode ranker) {
    if (!ranker.isObject() || ranker.size() == 1) {
      JsonNode list = ranker.isObject() ? ranker.elements().next() : ranker;
      AnswerNames.setAll(label, list, ">");
      return;
    }
    Map<String, String> buckets = new TreeMap<>();
    ranker
        .properties()
        .forEach(
            bucket -> {
              if (!bucket.getKey().equals("_") && !bucket.getValue().isEmpty()) {
                buckets.put(bucket.getKey(), AnswerNames.joined(bucket.getValue(), ","));
              }
            });
    if (buckets.isEmpty() || buckets.containsValue("")) {
      label.refuse("WRONG_TYPE", "value must be lists of texts or numbers, none of them blank");
    } else if (buckets.size() == 1 && ranker.has("_")) {
      label.set("value", buckets.values().iterator().next().replace(",", ">"));
    } else {
      label.set(
          "value",
          buckets.entrySet().stream()
              .map(bucket -> bucket.getKey() + ":" + bucket.getValue())
              .collect(Collectors.joining(";")));
    }
  }

  /** Sets the value to all paths of a taxonomy, the steps of each joined by slashes. */
  private static void setPaths(LabelRow label, JsonNode paths) {
    List<String> joined = new ArrayList<>();
    paths.forEach(path -> joined.add(AnswerNames.joined(path, "/")));
    if (!paths.isArray() || joined.isEmpty() || joined.contains("")) {
      label.refuse("WRONG_TYPE", "value must be a list of paths, no step of which is blank");
    } else {
      label.set("value", String.join(",", joined));
    }
  }
}
