package io.lakeloop.chat.jinja;

import java.time.LocalDate;
import java.time.format.TextStyle;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The functions that every template finds. */
final class Globals {
  private static final Map<String, Object> FUNCTIONS =
      Map.of(
          "range", (Function) Globals::range,
          "dict", (Function) Globals::dict,
          "namespace", (Function) Globals::namespace,
          "raise_exception", (Function) Globals::raise,
          "strftime_now", (Function) Globals::now);

  private Globals() {}

  static Map<String, Object> functions() {
    return FUNCTIONS;
  }

  private static Object range(Frame frame, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("range", "start", "stop", "step");
    long first = Python.index(bound.get(0));
    long step = bound.has(2) ? Python.index(bound.get(2)) : 1;
    return bound.has(1)
        ? new Range(first, Python.index(bound.get(1)), step)
        : new Range(0, first, 1);
  }

  private static Object dict(Frame frame, Arguments arguments) {
    Map<String, Object> values = new LinkedHashMap<>();
    Map<Object, Object> all = new LinkedHashMap<>();
    for (Object place : arguments.places()) {
      addPairs(place, all, frame);
    }
    values.putAll(arguments.names());
    all.putAll(values);
    frame.budget().items(all.size());
    return all;
  }

  private static void addPairs(Object place, Map<Object, Object> all, Frame frame) {
    if (Python.defined(place) instanceof Map<?, ?> map) {
      all.putAll(map);
      return;
    }
    for (Object pair : Python.items(place, frame.budget())) {
      List<Object> two = Python.items(pair, frame.budget());
      if (two.size() != 2) {
        throw TemplateException.value("dict() takes pairs");
      }
      all.put(Python.key(two.get(0)), two.get(1));
    }
  }

  private static Object namespace(Frame frame, Arguments arguments) {
    Namespace namespace = new Namespace();
    ((Map<?, ?>) dict(frame, arguments))
        .forEach((name, value) -> namespace.set(String.valueOf(name), value));
    return namespace;
  }

  private static Object raise(Frame frame, Arguments arguments) {
    Object message = arguments.bind("raise_exception", "message").get(0, "");
    throw new TemplateException(
        TemplateException.Kind.REFUSED, Printer.str(message, frame.budget()));
  }

  private static Object now(Frame frame, Arguments arguments) {
    String format = arguments.bind("strftime_now", "format").text(0);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      boolean bare = format.charAt(i + 1) == '-' && i + 2 < format.length();
      i += bare ? 2 : 1;
      String part = part(format.charAt(i), frame.rendering.today);
      text.append(bare ? part.replaceFirst("^[0 ](?=.)", "") : part);
    }
    return text.toString();
  }

  /** One directive of strftime; the time is midnight. */
  private static String part(char directive, LocalDate day) {
    return switch (directive) {
      case 'd' -> two(day.getDayOfMonth());
      case 'e' -> String.format(Locale.ROOT, "%2d", day.getDayOfMonth());
      case 'm' -> two(day.getMonthValue());
      case 'y' -> two(day.getYear() % 100);
      case 'Y' -> String.valueOf(day.getYear());
      case 'j' -> String.format(Locale.ROOT, "%03d", day.getDayOfYear());
      case 'b', 'h' -> day.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'B' -> day.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'a' -> day.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'A' -> day.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'u' -> String.valueOf(day.getDayOfWeek().getValue());
      case 'w' -> String.valueOf(day.getDayOfWeek().getValue() % 7);
      case 'H', 'M', 'S' -> "00";
      case 'I' -> "12";
      case 'p' -> "AM";
      case 'F' -> day.toString();
      case 'T' -> "00:00:00";
      case 'D' ->
          two(day.getMonthValue())
              + "/"
              + two(day.getDayOfMonth())
              + "/"
              + two(day.getYear() % 100);
      case 'z', 'Z' -> "";
      case '%' -> "%";
      default -> "%" + directive;
    };
  }

  private static String two(int number) {
    return String.format(Locale.ROOT, "%02d", number);
  }
}
