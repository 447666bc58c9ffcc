package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.Times;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** One log record, the fields that are asked for checked. */
final class LogRecord {
  /** Fields that name the person whom a record or a message is of. */
  static final List<String> USERS = List.of("user_id", "user", "userId", "end_user");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final JsonNode node;
  private final ZoneId timeZone;
  private final List<String> problems = new ArrayList<>();
  private String code;

  private LogRecord(JsonNode node, ZoneId timeZone) {
    this.node = node;
    this.timeZone = timeZone;
  }

  static LogRecord parse(String payload) {
    try {
      return new LogRecord(JSON.readTree(payload), ZoneOffset.UTC);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("ingest-logs let a line pass that is not JSON", e);
    }
  }

  /**
   * The same record, fields of other formats under our own names.
   *
   * @param zone of times that name none
   */
  LogRecord translated(ZoneId zone) {
    return new LogRecord(CommonFields.of(node), zone);
  }

  JsonNode node() {
    return node;
  }

  /** Whom a record or a message is of by the first field that tells, or null. */
  static String user(JsonNode node) {
    return USERS.stream()
        .map(node::path)
        .filter(LogRecord::isName)
        .map(JsonNode::asText)
        .findFirst()
        .orElse(null);
  }

  /** Everyone whom a record names, at any depth. */
  static Set<String> users(JsonNode record) {
    Set<String> users = new TreeSet<>();
    collectUsers(record, false, users);
    return users;
  }

  private static void collectUsers(JsonNode node, boolean isUser, Set<String> users) {
    if (isUser && isName(node)) {
      users.add(node.asText());
    }
    node.properties()
        .forEach(
            field ->
                collectUsers(field.getValue(), isUser || USERS.contains(field.getKey()), users));
    if (node.isArray()) {
      node.forEach(element -> collectUsers(element, isUser, users));
    }
  }

  private static boolean isName(JsonNode node) {
    return node.isValueNode() && !node.isNull() && !node.asText().isBlank();
  }

  /** Text as it is; other values as JSON; null where there is none. */
  static String asText(JsonNode node) {
    return node.isMissingNode() || node.isNull()
        ? null
        : node.isTextual() ? node.textValue() : node.toString();
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
    return bounded(field, value.textValue());
  }

  /** Refuses a text that is longer than any turn should be. */
  String bounded(String field, String text) {
    if (text.length() <= Refusal.LONGEST_TEXT) {
      return text;
    }
    Refusal refusal = Refusal.tooLong(field, text.length());
    return refuse(refusal.code(), refusal.reason());
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

  Double number(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return null;
    }
    return value.isNumber() && Double.isFinite(value.doubleValue())
        ? value.doubleValue()
        : refuse("WRONG_TYPE", field + " must be a number");
  }

  /** Uses allowed: all for true, none for false, those of a list; null where nothing is said. */
  List<String> uses(String field, List<String> all) {
    JsonNode value = value(field);
    if (value == null) {
      return null;
    }
    if (value.isBoolean()) {
      return value.booleanValue() ? all : List.of();
    }
    List<String> uses = new ArrayList<>();
    value.forEach(use -> uses.add(use.asText()));
    return value.isArray() && all.containsAll(uses)
        ? uses
        : refuse("WRONG_TYPE", field + " must be true, false or a list of " + all);
  }

  Instant requiredTime(String field) {
    return value(field) == null
        ? refuse("MISSING_FIELD", field + " is missing")
        : time(field, value(field));
  }

  /** The time of a field, null where it is not there. */
  Instant optionalTime(String field) {
    return value(field) == null ? null : time(field, value(field));
  }

  private Instant time(String field, JsonNode value) {
    return Times.of(value.asText(), timeZone)
        .orElseGet(() -> refuse("BAD_TIME", field + Times.EXPECTED));
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
