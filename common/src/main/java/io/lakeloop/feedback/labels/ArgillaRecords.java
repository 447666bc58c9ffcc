package io.lakeloop.feedback.labels;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.lakeloop.config.Digest;
import io.lakeloop.feedback.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Argilla's records of either version, as JSON or as rows of a table. */
final class ArgillaRecords {
  private static final List<String> NOT_SUBMITTED = List.of("discarded", "draft", "pending");
  private static final String RESPONSES = ".responses";

  private ArgillaRecords() {}

  static boolean fits(JsonNode record) {
    if (record.has("responses")) {
      return true;
    }
    for (Map.Entry<String, JsonNode> column : record.properties()) {
      if (column.getKey().endsWith(RESPONSES) || isAnswers(column.getValue())) {
        return true;
      }
    }
    return false;
  }

  static void labels(JsonNode record, List<LabelRow> labels) {
    JsonNode item = item(record);
    JsonNode responses = record.path("responses");
    if (responses.isMissingNode()) {
      flat(item, record, labels);
      return;
    }
    if (responses.isObject()) {
      responses
          .properties()
          .forEach(question -> labels(item, question.getKey(), question.getValue(), labels));
      return;
    }
    for (JsonNode response : responses) {
      JsonNode answers = response.path("values");
      answers
          .properties()
          .forEach(
              question ->
                  labels.add(
                      label(item, response, question.getKey(), question.getValue().path("value"))));
      if (!answers.isObject() || answers.isEmpty()) {
        labels.add(
            label(item, response, null, MissingNode.getInstance())
                .refuse("NO_ANSWER", "the response holds no answers by question"));
      }
    }
  }

  /** The answers to one question. */
  private static void labels(
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
        response -> labels.add(label(item, response, question, response.path("value"))));
  }

  private static LabelRow label(
      JsonNode item, JsonNode response, String question, JsonNode answer) {
    JsonNode value = ranking(answer);
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
      AnswerNames.setAll(label, value, ",");
    } else {
      setRanks(label, value);
    }
    return label;
  }

  private static JsonNode item(JsonNode record) {
    if (record.hasNonNull("external_id")) {
      return record.get("external_id");
    }
    for (String place : List.of("/metadata/item_id", "/id", "/_server_id")) {
      JsonNode id = record.at(place);
      if (id.isValueNode() && !id.isNull()) {
        return id;
      }
    }
    return texts(record);
  }

  /** Rows of version 1 may have no id at all: the texts that were shown tell them apart. */
  private static JsonNode texts(JsonNode record) {
    StringBuilder texts = new StringBuilder();
    record
        .properties()
        .forEach(
            field -> {
              if (field.getValue().isTextual() && !field.getKey().equals("metadata")) {
                texts.append(field.getKey()).append('\u0001').append(field.getValue().textValue());
              }
            });
    return texts.isEmpty()
        ? MissingNode.getInstance()
        : TextNode.valueOf(Digest.of(texts.toString()).substring(0, 32));
  }

  /**
   * Tables of records: version 2 has the columns {@code question.responses}, {@code
   * question.responses.users} and {@code question.responses.status}, version 1 a list of {@code
   * user_id}, {@code value} and {@code status} under the question's name.
   */
  private static void flat(JsonNode item, JsonNode record, List<LabelRow> labels) {
    record
        .properties()
        .forEach(
            column -> {
              String name = column.getKey();
              if (name.endsWith(RESPONSES)) {
                String question = name.substring(0, name.length() - RESPONSES.length());
                columns(item, question, record, labels);
              } else if (isAnswers(column.getValue())) {
                labels(item, name, column.getValue(), labels);
              }
            });
  }

  private static void columns(
      JsonNode item, String question, JsonNode record, List<LabelRow> labels) {
    JsonNode values = record.path(question + RESPONSES);
    JsonNode users = record.path(question + RESPONSES + ".users");
    JsonNode status = record.path(question + RESPONSES + ".status");
    for (int i = 0; i < values.size(); i++) {
      ObjectNode response = JsonNodeFactory.instance.objectNode();
      response.set("user_id", users.path(i));
      if (status.path(i).isTextual()) {
        response.set("status", status.get(i));
      }
      labels.add(label(item, response, question, values.get(i)));
    }
  }

  private static boolean isAnswers(JsonNode column) {
    return column.isArray() && column.path(0).has("user_id") && column.path(0).has("value");
  }

  /** Version 1's ranking in a table is one object with a list of ranks and one of values. */
  private static JsonNode ranking(JsonNode value) {
    JsonNode ranks = value.path("rank");
    JsonNode names = value.path("value");
    if (!ranks.isArray() || ranks.size() != names.size()) {
      return value;
    }
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < ranks.size(); i++) {
      ObjectNode each = list.addObject();
      each.set("value", names.get(i));
      each.set("rank", ranks.get(i));
    }
    return list;
  }

  /** Values with ranks, first to last: a&gt;b, or a=b where they share one. */
  private static void setRanks(LabelRow label, JsonNode value) {
    List<JsonNode> ranks = new ArrayList<>();
    value.forEach(ranks::add);
    if (ranks.stream()
        .anyMatch(r -> !r.path("rank").isInt() || AnswerNames.named(r.path("value")).isEmpty())) {
      label.refuse("WRONG_TYPE", "a ranking must have a value and a rank that is a whole number");
      return;
    }
    ranks.sort((a, b) -> Integer.compare(a.get("rank").intValue(), b.get("rank").intValue()));
    StringBuilder order = new StringBuilder();
    for (int i = 0; i < ranks.size(); i++) {
      boolean tied = i > 0 && ranks.get(i).get("rank").equals(ranks.get(i - 1).get("rank"));
      order
          .append(i == 0 ? "" : tied ? "=" : ">")
          .append(AnswerNames.named(ranks.get(i).get("value")));
    }
    label.set("value", order.toString());
  }
}
