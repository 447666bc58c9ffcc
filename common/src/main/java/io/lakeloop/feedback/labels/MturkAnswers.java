package io.lakeloop.feedback.labels;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.feedback.CsvRecords;
import io.lakeloop.feedback.Refusal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Assignments of a batch of Mechanical Turk: an item goes by {@code Input.item_id}, else by its
 * HIT; each column {@code Answer.*} is a question, one with {@code .label}, one of several that
 * hold true or false, or all of them as JSON in {@code Answer.taskAnswers}.
 */
final class MturkAnswers {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ANSWER = "Answer.";

  private final List<String> header;

  MturkAnswers(List<String> header) {
    this.header = header;
  }

  static boolean fits(List<String> header) {
    return header.contains("WorkerId") && header.contains("AssignmentStatus");
  }

  /** The labels of one assignment; one that is refused where it has none. */
  List<LabelRow> labels(CsvRecords.Entry entry) {
    if (entry.refusal() != null) {
      return List.of(new LabelRow().refuse(entry.refusal()));
    }
    String[] cells = entry.cells();
    if ("Rejected".equals(cell(cells, "AssignmentStatus"))) {
      return List.of(label(cells).refuse(Refusal.CANCELLED, "the assignment was rejected"));
    }
    Map<String, List<String>> answers = new LinkedHashMap<>();
    for (int i = 0; i < header.size(); i++) {
      if (header.get(i) != null && header.get(i).startsWith(ANSWER) && cells[i] != null) {
        add(header.get(i).substring(ANSWER.length()), cells[i], answers);
      }
    }
    if (answers.isEmpty()) {
      return List.of(label(cells).refuse("NO_ANSWER", "the rater submitted without an answer"));
    }
    List<LabelRow> labels = new ArrayList<>();
    answers.forEach(
        (question, values) ->
            labels.add(
                label(cells).set("question", question).set("value", String.join(",", values))));
    return labels;
  }

  private LabelRow label(String[] cells) {
    String item = cell(cells, "Input.item_id");
    return new LabelRow()
        .set("item_id", item == null ? cell(cells, "HITId") : item)
        .set("rater_id", cell(cells, "WorkerId"))
        .set("started_at", cell(cells, "AcceptTime"))
        .set("submitted_at", cell(cells, "SubmitTime"))
        .set("shown_position", cell(cells, "Input.shown_position"));
  }

  private String cell(String[] cells, String column) {
    int at = header.indexOf(column);
    return at < 0 ? null : cells[at];
  }

  private static void add(String name, String cell, Map<String, List<String>> answers) {
    int dot = name.lastIndexOf('.');
    if (name.equals("taskAnswers")) {
      addAll(cell, answers);
    } else if (name.endsWith(".label")) {
      put(name.substring(0, dot), cell, answers);
    } else if (dot > 0 && (cell.equals("true") || cell.equals("false"))) {
      if (cell.equals("true")) {
        put(name.substring(0, dot), name.substring(dot + 1), answers);
      }
    } else {
      put(name, cell, answers);
    }
  }

  private static void addAll(String json, Map<String, List<String>> answers) {
    try {
      for (JsonNode form : JSON.readTree(json)) {
        form.properties().forEach(field -> add(field.getKey(), field.getValue(), answers));
      }
    } catch (JsonProcessingException e) {
      put("taskAnswers", json, answers);
    }
  }

  private static void add(String question, JsonNode answer, Map<String, List<String>> answers) {
    if (answer.isValueNode()) {
      put(question, answer.asText(), answers);
    } else if (answer.has("label")) {
      put(question, answer.get("label").asText(), answers);
    } else {
      answer
          .properties()
          .forEach(
              option -> {
                if (option.getValue().asBoolean(false)) {
                  put(question, option.getKey(), answers);
                }
              });
    }
  }

  private static void put(String question, String value, Map<String, List<String>> answers) {
    answers.computeIfAbsent(question, any -> new ArrayList<>()).add(value);
  }
}
