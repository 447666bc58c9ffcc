package io.lakeloop.chat.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What a call passes: by place, and by name. */
record Arguments(List<Object> places, Map<String, Object> names) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Object... places) {
    return new Arguments(Arrays.asList(places), Map.of());
  }

  /**
   * The values for these parameters; null-object {@link Bound#has} tells which were passed.
   *
   * @throws TemplateException if more, or others, were passed
   */
  Bound bind(String function, String... parameters) {
    if (places.size() > parameters.length) {
      throw TemplateException.value(
          "%s() takes at most %d arguments, got %d", function, parameters.length, places.size());
    }
    Object[] values = new Object[parameters.length];
    boolean[] passed = new boolean[parameters.length];
    for (int i = 0; i < places.size(); i++) {
      values[i] = places.get(i);
      passed[i] = true;
    }
    names.forEach(
        (name, value) -> {
          int at = List.of(parameters).indexOf(name);
          if (at < 0 || passed[at]) {
            throw TemplateException.value("%s() takes no argument '%s' there", function, name);
          }
          values[at] = value;
          passed[at] = true;
        });
    return new Bound(function, parameters, values, passed);
  }

  /** The same without the first that were passed by place. */
  Arguments from(int first) {
    return new Arguments(new ArrayList<>(places.subList(first, places.size())), names);
  }

  /** The values of a call's parameters. */
  record Bound(String function, String[] parameters, Object[] values, boolean[] passed) {
    boolean has(int at) {
      return passed[at];
    }

    Object get(int at) {
      if (!passed[at]) {
        throw TemplateException.value("%s() misses '%s'", function, parameters[at]);
      }
      return values[at];
    }

    Object get(int at, Object otherwise) {
      return passed[at] ? values[at] : otherwise;
    }

    String text(int at) {
      if (get(at) instanceof String text) {
        return text;
      }
      throw TemplateException.value(
          "%s() takes a text as '%s', not %s", function, parameters[at], Python.type(values[at]));
    }

    boolean truth(int at) {
      return passed[at] && Python.truth(values[at]);
    }

    int number(int at, int otherwise) {
      Object value = get(at, null);
      if (value == null) {
        return otherwise;
      }
      return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, Python.index(value)));
    }
  }
}
