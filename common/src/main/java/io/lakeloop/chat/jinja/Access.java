package io.lakeloop.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reaches parts of values: only data, and the methods of {@link Methods}. */
final class Access {
  private Access() {}

  /** {@code value.name}: methods come before a dict's keys. */
  static Object attribute(Object value, String name) {
    Python.defined(value);
    Object own = own(value, name);
    if (own != null) {
      return own;
    }
    Map<?, ?> parts = parts(value);
    return parts.containsKey(name) ? parts.get(name) : missing(value, name);
  }

  /** {@code value[part]}: a dict's keys come before methods. */
  static Object item(Object value, Object part) {
    Python.defined(value);
    if (value instanceof Map || value instanceof Namespace) {
      Map<?, ?> map = parts(value);
      Object key = part instanceof Undefined ? part : keyOrNull(part);
      if (map.containsKey(key)) {
        return map.get(key);
      }
    } else if (Python.isWhole(part) && (value instanceof List || value instanceof String)) {
      return at(value, Python.index(part));
    }
    if (part instanceof String name) {
      Object own = own(value, name);
      return own != null ? own : missing(value, name);
    }
    return new Undefined("there is no such part of " + Python.type(value));
  }

  private static Map<?, ?> parts(Object value) {
    return value instanceof Map<?, ?> map
        ? map
        : value instanceof Namespace namespace ? namespace.values() : Map.of();
  }

  private static Object keyOrNull(Object part) {
    return part instanceof Map || part instanceof List && !(part instanceof Tuple)
        ? new Object()
        : Python.key(part);
  }

  private static Object own(Object value, String name) {
    if (name.startsWith("_")) {
      return value instanceof Map ? null : forbidden(value, name);
    } else if (value instanceof Loop loop) {
      return loop.attribute(name);
    } else if (value instanceof Macro macro && name.equals("name")) {
      return macro.name();
    }
    return Methods.of(value, name);
  }

  private static Undefined forbidden(Object value, String name) {
    return new Undefined("'" + name + "' of " + Python.type(value) + " cannot be reached");
  }

  private static Undefined missing(Object value, String name) {
    return new Undefined(Python.type(value) + " has no '" + name + "'");
  }

  private static Object at(Object value, long index) {
    long length = Python.length(value);
    long place = index < 0 ? index + length : index;
    if (place < 0 || place >= length) {
      return new Undefined(Python.type(value) + " has no element " + index);
    }
    return value instanceof String text
        ? Strings.part(text, (int) place, (int) place + 1)
        : ((List<?>) value).get((int) place);
  }

  /** {@code value[from:to:step]}, each of which may be null. */
  static Object slice(Object value, Object from, Object to, Object step, Budget budget) {
    Python.defined(value);
    if (!(value instanceof String) && !(value instanceof List)) {
      throw TemplateException.value("%s cannot be sliced", Python.type(value));
    }
    long by = step == null ? 1 : Python.index(step);
    if (by == 0) {
      throw TemplateException.value("a slice's step is 0");
    }
    long length = Python.length(value);
    long start = from == null ? (by > 0 ? 0 : length - 1) : bounded(from, length, by);
    long stop = to == null ? (by > 0 ? length : -1) : bounded(to, length, by);
    if (value instanceof String text && by == 1) {
      budget.text(Math.max(0, stop - start));
      return Strings.part(text, (int) start, (int) stop);
    }
    List<?> all = value instanceof String text ? Strings.characters(text) : (List<?>) value;
    List<Object> part = new ArrayList<>();
    for (long i = start; by > 0 ? i < stop : i > stop; i += by) {
      part.add(all.get((int) i));
    }
    budget.items(part.size());
    return value instanceof Tuple ? new Tuple(part) : value instanceof String ? joined(part) : part;
  }

  private static long bounded(Object place, long length, long step) {
    long index = Python.index(place);
    long from = index < 0 ? index + length : index;
    return step > 0
        ? Math.max(0, Math.min(length, from))
        : Math.max(-1, Math.min(length - 1, from));
  }

  private static String joined(List<Object> characters) {
    StringBuilder text = new StringBuilder();
    characters.forEach(text::append);
    return text.toString();
  }
}
