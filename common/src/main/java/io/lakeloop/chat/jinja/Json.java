package io.lakeloop.chat.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Writes values as Python's {@code json.dumps} does, which is what {@code tojson} gives. */
final class Json {
  private final Budget budget;
  private final StringBuilder text = new StringBuilder();
  private final boolean ascii;
  private final String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sorted;
  private int level;

  private Json(
      Budget budget,
      boolean ascii,
      String indent,
      String itemSeparator,
      String keySeparator,
      boolean sorted) {
    this.budget = budget;
    this.ascii = ascii;
    this.indent = indent;
    this.itemSeparator = itemSeparator;
    this.keySeparator = keySeparator;
    this.sorted = sorted;
  }

  /** The filter {@code tojson(ensure_ascii, indent, separators, sort_keys)}. */
  static String dumps(Object value, Arguments arguments, Budget budget) {
    Arguments.Bound bound =
        arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
    String indent = indent(bound);
    String item = indent == null ? ", " : ",";
    String key = ": ";
    if (bound.get(2, null) instanceof List<?> two && two.size() == 2) {
      item = String.valueOf(two.get(0));
      key = String.valueOf(two.get(1));
    }
    Json json = new Json(budget, bound.truth(0), indent, item, key, bound.truth(3));
    json.write(value);
    budget.text(json.text.length());
    return json.text.toString();
  }

  private static String indent(Arguments.Bound bound) {
    Object indent = bound.get(1, null);
    if (indent == null || indent instanceof String) {
      return (String) indent;
    }
    return " ".repeat(Math.max(0, Math.min(100, bound.number(1, 0))));
  }

  private void write(Object value) {
    budget.step(1);
    if (text.length() > Budget.MOST_OUTPUT) {
      budget.text(text.length());
    }
    if (value == null) {
      text.append("null");
    } else if (value instanceof String string) {
      quote(string);
    } else if (value instanceof Double number) {
      text.append(number(number));
    } else if (value instanceof Number || value instanceof Boolean) {
      text.append(value);
    } else if (value instanceof Map<?, ?> map) {
      entries(sorted ? inOrder(map) : map);
    } else if (value instanceof List<?> list && !(value instanceof Range)) {
      items(list);
    } else {
      throw TemplateException.value("%s has no form in JSON", Python.type(value));
    }
  }

  private static String number(double number) {
    return Double.isNaN(number)
        ? "NaN"
        : Double.isInfinite(number) ? number > 0 ? "Infinity" : "-Infinity" : Python.repr(number);
  }

  private Map<?, ?> inOrder(Map<?, ?> map) {
    Map<Object, Object> sorted =
        new TreeMap<>((left, right) -> Python.compare(left, right, budget));
    sorted.putAll(map);
    return sorted;
  }

  private void items(List<?> list) {
    if (list.isEmpty()) {
      text.append("[]");
      return;
    }
    open('[');
    for (Iterator<?> all = list.iterator(); all.hasNext(); ) {
      write(all.next());
      next(all.hasNext());
    }
    close(']');
  }

  private void entries(Map<?, ?> map) {
    if (map.isEmpty()) {
      text.append("{}");
      return;
    }
    open('{');
    for (Iterator<? extends Map.Entry<?, ?>> all = map.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<?, ?> entry = all.next();
      quote(key(entry.getKey()));
      text.append(keySeparator);
      write(entry.getValue());
      next(all.hasNext());
    }
    close('}');
  }

  private static String key(Object key) {
    if (key instanceof Double number) {
      return number(number);
    }
    if (key instanceof Tuple) {
      throw TemplateException.value("a tuple cannot be a key in JSON");
    }
    return String.valueOf(key);
  }

  private void open(char bracket) {
    budget.enter();
    text.append(bracket);
    level++;
    line();
  }

  private void next(boolean more) {
    if (more) {
      text.append(itemSeparator);
      line();
    }
  }

  private void close(char bracket) {
    level--;
    line();
    text.append(bracket);
    budget.leave();
  }

  private void line() {
    if (indent != null) {
      text.append('\n').append(indent.repeat(level));
    }
  }

  private void quote(String string) {
    text.append('"');
    for (int i = 0; i < string.length(); i++) {
      character(string.charAt(i));
    }
    text.append('"');
  }

  private void character(char c) {
    int simple = "\"\\\n\r\t\b\f".indexOf(c);
    if (simple >= 0) {
      text.append('\\').append("\"\\nrtbf".charAt(simple));
    } else if (c < ' ' || ascii && c > '~') {
      text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
    } else {
      text.append(c);
    }
  }
}
