package io.lakeloop.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Fills a record from a tree, strictly: no missing number becomes 0, no 100.7 becomes 100, no "1"
 * becomes true. Data binding stops at its first complaint; this collects them.
 */
final class RecordReader {
  private final Problems problems;
  private boolean sound = true;

  RecordReader(Problems problems) {
    this.problems = problems;
  }

  /** Returns the record, or null where something was wrong; what, is in the problems. */
  <T> T read(Class<T> type, JsonNode tree, String prefix) {
    RecordComponent[] components = type.getRecordComponents();
    Object[] arguments = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String key = prefix + kebab(components[i].getName());
      JsonNode value = tree.get(kebab(components[i].getName()));
      if (value == null || value.isNull()) {
        refuse("%s is missing", key);
      } else {
        arguments[i] = value(components[i], value, key);
      }
    }
    return sound ? construct(type, components, arguments) : null;
  }

  private Object value(RecordComponent component, JsonNode value, String key) {
    Class<?> type = component.getType();
    if (type.isRecord() && parser(type).isEmpty()) {
      return value.isObject() ? read(type, value, key + ".") : wrong(key, "a group of keys", value);
    }
    if (type == int.class || type == long.class) {
      return wholeNumber(type, value, key);
    }
    if (type == double.class) {
      return value.isNumber() ? value.doubleValue() : wrong(key, "a number", value);
    }
    if (type == boolean.class) {
      return value.isBoolean() ? value.booleanValue() : wrong(key, "true or false", value);
    }
    if (type == List.class) {
      return value.isArray() ? strings(value, key) : wrong(key, "a list", value);
    }
    if (type == Map.class) {
      return value.isObject() ? stringMap(value, key) : wrong(key, "a group of keys", value);
    }
    if (!value.isTextual()) {
      return wrong(key, "text", value);
    }
    return type == String.class ? value.textValue() : parsed(type, value.textValue(), key);
  }

  private Object wholeNumber(Class<?> type, JsonNode value, String key) {
    if (type == int.class && value.isIntegralNumber() && value.canConvertToInt()) {
      return value.intValue();
    }
    if (type == long.class && value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    return wrong(key, "a whole number", value);
  }

  private List<String> strings(JsonNode values, String key) {
    List<String> list = new ArrayList<>();
    values.forEach(
        v ->
            list.add(v.isValueNode() ? v.asText() : String.valueOf(wrong(key, "plain values", v))));
    return List.copyOf(list);
  }

  private Map<String, String> stringMap(JsonNode values, String key) {
    Map<String, String> map = new LinkedHashMap<>();
    values
        .properties()
        .forEach(
            e ->
                map.put(
                    e.getKey(),
                    e.getValue().isValueNode()
                        ? e.getValue().asText()
                        : String.valueOf(wrong(key, "plain values", e.getValue()))));
    return map;
  }

  /** Enums by their kebab-case names; other types by their {@code static parse(String)}. */
  private Object parsed(Class<?> type, String text, String key) {
    if (type.isEnum()) {
      List<String> names =
          Arrays.stream(type.getEnumConstants()).map(c -> name((Enum<?>) c)).toList();
      int at = names.indexOf(text);
      return at >= 0
          ? type.getEnumConstants()[at]
          : refuse("%s must be one of %s, got %s", key, String.join(", ", names), Quoted.of(text));
    }
    try {
      return parser(type).orElseThrow().invoke(null, text);
    } catch (InvocationTargetException e) {
      return refuse("%s: %s", key, e.getCause().getMessage());
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Optional<java.lang.reflect.Method> parser(Class<?> type) {
    try {
      return Optional.of(type.getMethod("parse", String.class));
    } catch (NoSuchMethodException e) {
      return Optional.empty();
    }
  }

  private <T> T construct(Class<T> type, RecordComponent[] components, Object[] arguments) {
    try {
      Constructor<T> constructor =
          type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof UserError error && !error.problems().isEmpty()) {
        // What the record refuses belongs beside what the reader found.
        error.problems().forEach(problem -> refuse("%s", problem));
        return null;
      }
      throw new IllegalStateException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private Object wrong(String key, String expected, JsonNode value) {
    return refuse("%s must be %s, got %s", key, expected, value);
  }

  private Object refuse(String message, Object... arguments) {
    sound = false;
    problems.add(message, arguments);
    return null;
  }

  static void unknownKeys(Class<?> type, JsonNode tree, String prefix, Problems problems) {
    List<String> known =
        Arrays.stream(type.getRecordComponents()).map(c -> kebab(c.getName())).toList();
    tree.properties()
        .forEach(
            entry -> {
              Optional<RecordComponent> component = component(type, entry.getKey());
              if (component.isEmpty()) {
                problems.add(
                    "%s%s is unknown%s",
                    prefix, entry.getKey(), Suggestion.didYouMean(entry.getKey(), known));
              } else if (component.get().getType().isRecord() && entry.getValue().isObject()) {
                unknownKeys(
                    component.get().getType(),
                    entry.getValue(),
                    prefix + entry.getKey() + ".",
                    problems);
              }
            });
  }

  static Optional<RecordComponent> component(Class<?> type, String key) {
    return type.isRecord()
        ? Arrays.stream(type.getRecordComponents())
            .filter(c -> kebab(c.getName()).equals(key))
            .findFirst()
        : Optional.empty();
  }

  /** How settings call an enum's constant. */
  static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String kebab(String name) {
    return name.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }
}
