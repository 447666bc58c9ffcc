package io.lakeloop.chat.jinja;

import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes values as Python's {@code str} and {@code repr} do. */
final class Printer {
  private final Budget budget;
  private final StringBuilder text = new StringBuilder();

  private Printer(Budget budget) {
    this.budget = budget;
  }

  /** The value as {@code {{ }}} prints it. */
  static String str(Object value, Budget budget) {
    return value instanceof String text ? text : repr(value, budget);
  }

  /** The value as it stands within a list. */
  static String repr(Object value, Budget budget) {
    Printer printer = new Printer(budget);
    printer.print(value);
    budget.text(printer.text.length());
    return printer.text.toString();
  }

  private void print(Object value) {
    budget.step(1);
    if (text.length() > Budget.MOST_OUTPUT) {
      budget.text(text.length());
    }
    if (value == null) {
      text.append("None");
    } else if (value instanceof Boolean truth) {
      text.append(truth ? "True" : "False");
    } else if (value instanceof Double number) {
      text.append(Python.repr(number));
    } else if (value instanceof Number) {
      text.append(value);
    } else if (value instanceof String string) {
      quote(string);
    } else if (value instanceof Undefined) {
      text.append("");
    } else if (value instanceof Range) {
      text.append(value);
    } else if (value instanceof Map<?, ?> map) {
      entries(map);
    } else {
      others(value);
    }
  }

  private void others(Object value) {
    if (value instanceof Tuple tuple) {
      items("(", tuple, tuple.size() == 1 ? ",)" : ")");
    } else if (value instanceof List<?> list) {
      items("[", list, "]");
    } else if (value instanceof View view) {
      items(view.name() + "([", view, "])");
    } else if (value instanceof Namespace namespace) {
      text.append("<Namespace ");
      entries(namespace.values());
      text.append('>');
    } else {
      text.append('<').append(typeName(value)).append('>');
    }
  }

  static String typeName(Object value) {
    return value instanceof Once
        ? "generator"
        : value.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  private void items(String begin, Collection<?> items, String end) {
    budget.enter();
    text.append(begin);
    for (Iterator<?> all = items.iterator(); all.hasNext(); ) {
      item(all.next());
      text.append(all.hasNext() ? ", " : "");
    }
    text.append(end);
    budget.leave();
  }

  private void item(Object value) {
    if (value instanceof Undefined) {
      text.append("Undefined");
    } else {
      print(value);
    }
  }

  private void entries(Map<?, ?> map) {
    budget.enter();
    text.append('{');
    for (Iterator<? extends Map.Entry<?, ?>> all = map.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<?, ?> entry = all.next();
      item(entry.getKey());
      text.append(": ");
      item(entry.getValue());
      text.append(all.hasNext() ? ", " : "");
    }
    text.append('}');
    budget.leave();
  }

  private void quote(String string) {
    char quote = string.indexOf('\'') >= 0 && string.indexOf('"') < 0 ? '"' : '\'';
    text.append(quote);
    string.codePoints().forEach(c -> character(c, quote));
    text.append(quote);
  }

  private void character(int c, char quote) {
    switch (c) {
      case '\\' -> text.append("\\\\");
      case '\n' -> text.append("\\n");
      case '\r' -> text.append("\\r");
      case '\t' -> text.append("\\t");
      default -> {
        if (c == quote) {
          text.append('\\').append(quote);
        } else if (c == ' ' || isPrintable(c)) {
          text.appendCodePoint(c);
        } else {
          String form = c <= 0xff ? "\\x%02x" : c <= 0xffff ? "\\u%04x" : "\\U%08x";
          text.append(String.format(Locale.ROOT, form, c));
        }
      }
    }
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
