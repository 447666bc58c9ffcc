package io.lakeloop.feedback.labels;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.feedback.Refusal;
import java.util.List;

/**
 * Prodigy's examples with answers: {@code accept} names the options that were chosen, else {@code
 * answer} says whether the {@code label} holds. An item goes by its {@code item_id}, its meta's, or
 * Prodigy's own digest of the task.
 */
final class ProdigyTasks {
  private ProdigyTasks() {}

  static boolean fits(JsonNode record) {
    return record.has("_task_hash") || record.has("_input_hash");
  }

  static void labels(JsonNode task, List<LabelRow> labels) {
    LabelRow label =
        new LabelRow()
            .set("item_id", first(task, "item_id", "/meta/item_id", "/_task_hash", "/_input_hash"))
            .set("rater_id", first(task, "_annotator_id", "/_session_id"))
            .set("submitted_at", task.path("_timestamp"))
            .set("shown_position", first(task, "shown_position", "/meta/shown_position"));
    labels.add(label);
    String answer = task.path("answer").asText("accept");
    if (answer.equals("ignore")) {
      label.refuse(Refusal.CANCELLED, "the rater passed over the item");
    } else if (task.path("accept").isArray() && !answer.equals("reject")) {
      chosen(label, task.get("accept"));
    } else if (task.hasNonNull("label")) {
      label.set("question", task.get("label")).set("value", answer);
    } else if (task.path("user_input").isTextual()) {
      label.set("value", task.get("user_input"));
    } else {
      label.set("value", answer);
    }
  }

  private static void chosen(LabelRow label, JsonNode accepted) {
    if (accepted.isEmpty()) {
      label.refuse("NO_ANSWER", "the rater submitted without an answer");
    } else {
      AnswerNames.setAll(label, accepted, ",");
    }
  }

  /** The first that is there; fields first to last, the later ones as pointers. */
  private static JsonNode first(JsonNode task, String field, String... pointers) {
    JsonNode found = task.path(field);
    for (String pointer : pointers) {
      found = found.isMissingNode() || found.isNull() ? task.at(pointer) : found;
    }
    return found;
  }
}
