package io.lakeloop.chat.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The filters of lists and what else can be gone through. */
final class ListFilters {
  private ListFilters() {}

  /** The filter of that name, or null. */
  static Filters.Filter named(String name) {
    Filters.Filter of = choosing(name);
    return of != null ? of : ordering(name);
  }

  private static List<Object> items(Object value, Frame frame) {
    return Python.items(value, frame.budget());
  }

  /** What is false has no items for those that choose among them. */
  private static List<Object> itemsOrNone(Object value, Frame frame) {
    return Python.truth(value) ? items(value, frame) : List.of();
  }

  private static Filters.Filter choosing(String name) {
    return switch (name) {
      case "first" ->
          (value, none, frame) -> {
            List<Object> items = items(value, frame);
            return items.isEmpty() ? new Undefined("there is no first item") : items.get(0);
          };
      case "last" ->
          (value, none, frame) -> {
            List<Object> items = items(value, frame);
            return items.isEmpty()
                ? new Undefined("there is no last item")
                : items.get(items.size() - 1);
          };
      case "list" ->
          (value, none, frame) -> {
            List<Object> items = items(value, frame);
            frame.budget().items(items.size());
            return new ArrayList<>(items);
          };
      case "select" -> (value, arguments, frame) -> select(value, arguments, frame, true, false);
      case "reject" -> (value, arguments, frame) -> select(value, arguments, frame, false, false);
      case "selectattr" -> (value, arguments, frame) -> select(value, arguments, frame, true, true);
      case "rejectattr" ->
          (value, arguments, frame) -> select(value, arguments, frame, false, true);
      case "map" -> ListFilters::map;
      case "unique" -> ListFilters::unique;
      case "batch" -> ListFilters::batch;
      case "groupby" -> ListFilters::groupBy;
      default -> null;
    };
  }

  private static Object select(
      Object value, Arguments arguments, Frame frame, boolean keep, boolean byAttribute) {
    int first = byAttribute ? 1 : 0;
    if (byAttribute && arguments.places().isEmpty()) {
      throw TemplateException.value("the filter misses its attribute");
    }
    List<Object> path = byAttribute ? Filters.path(arguments.places().get(0)) : List.of();
    Arguments rest = arguments.from(first);
    Checks.Check check = check(rest);
    Arguments others = rest.places().isEmpty() ? Arguments.NONE : rest.from(1);
    List<Object> kept = new ArrayList<>();
    for (Object item : itemsOrNone(value, frame)) {
      frame.budget().step(1);
      if (check.holds(part(item, path), others, frame.budget()) == keep) {
        kept.add(item);
      }
    }
    frame.budget().items(kept.size());
    return new Once(kept);
  }

  private static Checks.Check check(Arguments arguments) {
    if (arguments.places().isEmpty()) {
      return (value, none, budget) -> Python.truth(value);
    }
    String name = String.valueOf(arguments.places().get(0));
    Checks.Check check = Checks.named(name);
    if (check == null) {
      throw TemplateException.value("there is no test '%s'", name);
    }
    return check;
  }

  private static Object part(Object item, List<Object> path) {
    Object part = item;
    for (Object name : path) {
      part = Access.item(part, name);
    }
    return part;
  }

  private static Object map(Object value, Arguments arguments, Frame frame) {
    List<Object> mapped = new ArrayList<>();
    for (Object item : itemsOrNone(value, frame)) {
      frame.budget().step(1);
      mapped.add(mapped(item, arguments, frame));
    }
    frame.budget().items(mapped.size());
    return new Once(mapped);
  }

  private static Object mapped(Object item, Arguments arguments, Frame frame) {
    if (arguments.places().isEmpty()) {
      if (!arguments.names().containsKey("attribute")) {
        throw TemplateException.value("map() misses a filter or an attribute");
      }
      Object part = part(item, Filters.path(arguments.names().get("attribute")));
      return part instanceof Undefined && arguments.names().containsKey("default")
          ? arguments.names().get("default")
          : part;
    }
    String name = String.valueOf(arguments.places().get(0));
    Filters.Filter filter = Filters.named(name);
    if (filter == null) {
      throw TemplateException.value("there is no filter '%s'", name);
    }
    return filter.apply(item, arguments.from(1), frame);
  }

  private static Object unique(Object value, Arguments arguments, Frame frame) {
    Arguments.Bound bound = arguments.bind("unique", "case_sensitive", "attribute");
    Map<Object, Object> firsts = new LinkedHashMap<>();
    for (Object item : items(value, frame)) {
      frame.budget().step(1);
      Object key = part(item, attribute(bound, 1));
      firsts.putIfAbsent(Python.key(cased(key, bound.truth(0))), item);
    }
    frame.budget().items(firsts.size());
    return new Once(new ArrayList<>(firsts.values()));
  }

  private static List<Object> attribute(Arguments.Bound bound, int at) {
    Object attribute = bound.get(at, null);
    return attribute == null ? List.of() : Filters.path(attribute);
  }

  /** Texts are compared in small letters unless told otherwise. */
  private static Object cased(Object value, boolean caseSensitive) {
    return value instanceof String text && !caseSensitive ? Strings.lower(text) : value;
  }

  private static Object batch(Object value, Arguments arguments, Frame frame) {
    Arguments.Bound bound = arguments.bind("batch", "linecount", "fill_with");
    int size = Math.max(1, bound.number(0, 1));
    List<Object> items = items(value, frame);
    List<Object> batches = new ArrayList<>();
    for (int i = 0; i < items.size(); i += size) {
      List<Object> batch = new ArrayList<>(items.subList(i, Math.min(items.size(), i + size)));
      frame.budget().items(size);
      while (bound.get(1, null) != null && batch.size() < size) {
        batch.add(bound.get(1));
      }
      batches.add(batch);
    }
    return new Once(batches);
  }

  private static Object groupBy(Object value, Arguments arguments, Frame frame) {
    Arguments.Bound bound = arguments.bind("groupby", "attribute", "default", "case_sensitive");
    List<Object> path = Filters.path(bound.get(0));
    Map<Object, List<Object>> groups = new LinkedHashMap<>();
    Map<Object, Object> names = new LinkedHashMap<>();
    for (Object item : sorted(items(value, frame), path, bound.truth(2), false, frame)) {
      Object name = part(item, path);
      name = name instanceof Undefined && bound.has(1) ? bound.get(1) : name;
      Object key = Python.key(cased(name, bound.truth(2)));
      groups.computeIfAbsent(key, k -> new ArrayList<>()).add(item);
      names.putIfAbsent(key, name);
    }
    List<Object> all = new ArrayList<>();
    groups.forEach((key, group) -> all.add(Tuple.of(names.get(key), group)));
    frame.budget().items(all.size());
    return all;
  }

  private static Filters.Filter ordering(String name) {
    return switch (name) {
      case "join" ->
          (value, arguments, frame) -> {
            Arguments.Bound bound = arguments.bind(name, "d", "attribute");
            List<Object> path = attribute(bound, 1);
            List<Object> parts = new ArrayList<>();
            items(value, frame).forEach(item -> parts.add(part(item, path)));
            String separator = Printer.str(bound.get(0, ""), frame.budget());
            return Methods.joined(parts, separator, frame.budget());
          };
      case "reverse" -> ListFilters::reversed;
      case "sort" ->
          (value, arguments, frame) -> {
            Arguments.Bound bound = arguments.bind(name, "reverse", "case_sensitive", "attribute");
            return sorted(
                items(value, frame), attribute(bound, 2), bound.truth(1), bound.truth(0), frame);
          };
      case "dictsort" -> ListFilters::dictSort;
      case "min" -> (value, arguments, frame) -> extreme(value, arguments, frame, -1);
      case "max" -> (value, arguments, frame) -> extreme(value, arguments, frame, 1);
      case "sum" -> ListFilters::sum;
      default -> null;
    };
  }

  private static Object reversed(Object value, Arguments none, Frame frame) {
    if (value instanceof String text) {
      frame.budget().text(text.length());
      return new StringBuilder(text).reverse().toString();
    }
    List<Object> items = new ArrayList<>(items(Python.defined(value), frame));
    frame.budget().items(items.size());
    Collections.reverse(items);
    return new Once(items);
  }

  private static List<Object> sorted(
      List<Object> items, List<Object> path, boolean cased, boolean reverse, Frame frame) {
    List<Object> sorted = new ArrayList<>(items);
    frame.budget().items(sorted.size());
    Comparator<Object> order =
        (left, right) ->
            Python.compare(
                cased(part(left, path), cased), cased(part(right, path), cased), frame.budget());
    sorted.sort(reverse ? order.reversed() : order);
    return sorted;
  }

  private static Object dictSort(Object value, Arguments arguments, Frame frame) {
    Arguments.Bound bound = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
    if (!(Python.defined(value) instanceof Map<?, ?> map)) {
      throw TemplateException.value("only a dict is sorted so, not %s", Python.type(value));
    }
    long by = bound.has(1) && bound.text(1).equals("value") ? 1 : 0;
    return sorted(
        Methods.items(map, frame).items(), List.of(by), bound.truth(0), bound.truth(2), frame);
  }

  private static Object extreme(Object value, Arguments arguments, Frame frame, int sign) {
    Arguments.Bound bound = arguments.bind("min", "case_sensitive", "attribute");
    List<Object> path = attribute(bound, 1);
    Object best = new Undefined("there is no item");
    for (Object item : items(value, frame)) {
      if (best instanceof Undefined
          || sign
                  * Python.compare(
                      cased(part(item, path), bound.truth(0)),
                      cased(part(best, path), bound.truth(0)),
                      frame.budget())
              > 0) {
        best = item;
      }
    }
    return best;
  }

  private static Object sum(Object value, Arguments arguments, Frame frame) {
    Arguments.Bound bound = arguments.bind("sum", "attribute", "start");
    Object sum = bound.get(1, 0L);
    for (Object item : items(value, frame)) {
      sum = Arithmetic.apply("+", sum, part(item, attribute(bound, 0)), frame.budget());
    }
    return sum;
  }
}
