package io.lakeloop.feedback;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;

/** One log record in the project's own JSON form, its fields checked. */
final class LogRecord {
  static final int LONGEST_TEXT = 100_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JsonNode node;
  private final List<String> problems = new ArrayList<>();
  private String code;

  private LogRecord(JsonNode node) {
    this.node = node;
  }

  static LogRecord parse(String payload) {
    try {
      return new LogRecord(JSON.readTree(payload));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("ingest-logs let a line pass that is not JSON", e);
    }
  }

  /** What is wrong with the fields read so far, or null. */
  Refusal refusal() {
    return problems.isEmpty() ? null : new Refusal(code, String.join("; ", problems));
  }

  private <T> T refuse(String problemCode, String problem) {
    code = code == null ? problemCode : code;
    problems.add(problem);
    return null;
  }

  private JsonNode value(String field) {
    JsonNode value = node.get(field);
    return value == null || value.isNull() ? null : value;
  }

  String requiredText(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return refuse("MISSING_FIELD", field + " is missing");
    }
    if (!value.isTextual()) {
      return refuse("WRONG_TYPE", field + " must be text");
    }
    if (value.textValue().length() > LONGEST_TEXT) {
      return refuse(
          "TEXT_TOO_LONG",
          field + " has " + value.textValue().length() + " characters, more than " + LONGEST_TEXT);
    }
    return value.textValue();
  }

  String text(String field) {
    return value(field) == null ? null : requiredText(field);
  }

  Long wholeNumber(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return null;
    }
    return value.isIntegralNumber() && value.canConvertToLong() && value.longValue() >= 0
        ? value.longValue()
        : refuse("WRONG_TYPE", field + " must be a whole number from 0");
  }

  Integer within(String field, int low, int high) {
    JsonNode value = value(field);
    if (value == null) {
      return null;
    }
    if (!value.isInt() || value.intValue() < low || value.intValue() > high) {
      return refuse("OUT_OF_RANGE", field + " must lie in " + low + ".." + high);
    }
    return value.intValue();
  }

  Boolean flag(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return null;
    }
    return value.isBoolean()
        ? value.booleanValue()
        : refuse("WRONG_TYPE", field + " must be true or false");
  }

  Instant time(String field) {
    String text = requiredText(field);
    if (text == null) {
      return null;
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      return refuse("BAD_TIME", field + " must be a time as 2026-01-31T12:00:00Z");
    }
  }

  /** Elements of an optional list of objects. */
  List<JsonNode> objects(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return List.of();
    }
    List<JsonNode> elements = new ArrayList<>();
    if (!value.isArray()) {
      refuse("WRONG_TYPE", field + " must be a list");
      return elements;
    }
    value.forEach(elements::add);
    if (elements.size() > 200 || !elements.stream().allMatch(JsonNode::isObject)) {
      refuse("WRONG_TYPE", field + " must be a list of at most 200 objects");
    }
    return elements;
  }
}
