package io.lakeloop.lm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.config.Problems;
import java.util.ArrayList;
import java.util.List;

/** Reads the values of a model's config.json and gathers what is wrong with them. */
final class ConfigReader {
  private final ObjectNode json;
  private final Problems problems;

  ConfigReader(ObjectNode json, String where) {
    this.json = json;
    this.problems = Problems.in(where);
  }

  ObjectNode json() {
    return json.deepCopy();
  }

  Problems problems() {
    return problems;
  }

  void problem(String message, Object... arguments) {
    problems.require(false, message, arguments);
  }

  private JsonNode value(String key) {
    JsonNode value = json.get(key);
    return value == null || value.isNull() ? null : value;
  }

  /** A whole number that must be there. */
  int number(String key) {
    if (value(key) == null) {
      problem("%s is missing", key);
      return 1;
    }
    return number(key, 1);
  }

  int number(String key, int absent) {
    JsonNode value = value(key);
    if (value == null) {
      return absent;
    }
    if (!value.canConvertToInt() || !value.isIntegralNumber()) {
      problem("%s must be a whole number, got %s", key, value);
      return 1;
    }
    return value.intValue();
  }

  double real(String key, double absent) {
    return real(json, key, absent);
  }

  double real(JsonNode node, String key, double absent) {
    JsonNode value = node.get(key);
    if (value == null || value.isNull()) {
      return absent;
    }
    if (!value.isNumber() || !(value.doubleValue() > 0)) {
      problem("%s must be a positive number, got %s", key, value);
      return 1;
    }
    return value.doubleValue();
  }

  /** A positive number, or 0 where there is none. */
  double cap(String key) {
    return has(key) ? real(key, 1) : 0;
  }

  /** Whole numbers, one for each layer, or none. */
  List<Integer> numbers(String key) {
    return perLayer(key).stream().map(JsonNode::asInt).toList();
  }

  /** Texts, one for each layer, or none. */
  List<String> texts(String key) {
    return perLayer(key).stream().map(JsonNode::asText).toList();
  }

  private List<JsonNode> perLayer(String key) {
    List<JsonNode> values = new ArrayList<>();
    inner(key).forEach(values::add);
    int layers = number("num_hidden_layers", 0);
    if (!values.isEmpty() && values.size() != layers) {
      problem("%s has %d entries for %d layers", key, values.size(), layers);
      return List.of();
    }
    return values;
  }

  /** Whether the config has the key with another value than null. */
  boolean has(String key) {
    return value(key) != null;
  }

  boolean flag(String key, boolean absent) {
    JsonNode value = value(key);
    return value == null ? absent : value.asBoolean();
  }

  String text(String key, String absent) {
    JsonNode value = value(key);
    return value == null ? absent : value.asText();
  }

  /** An inner object, empty where there is none. */
  JsonNode inner(String key) {
    JsonNode value = value(key);
    return value == null ? json.objectNode() : value;
  }
}
