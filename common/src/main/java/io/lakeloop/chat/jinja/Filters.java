package io.lakeloop.chat.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The filters of single values and texts; those of lists are {@link ListFilters}. */
final class Filters {
  private static final Pattern WORD_START = Pattern.compile("([-\\s({\\[<]+)");
  private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);

  /** One filter. */
  @FunctionalInterface
  interface Filter {
    Object apply(Object value, Arguments arguments, Frame frame);
  }

  private Filters() {}

  /** The filter of that name, or null. */
  static Filter named(String name) {
    Filter of = ofText(name);
    if (of == null) {
      of = ofValue(name);
    }
    return of != null ? of : ListFilters.named(name);
  }

  private static String text(Object value) {
    if (Python.defined(value) instanceof String text) {
      return text;
    }
    throw TemplateException.value("a text is needed, not %s", Python.type(value));
  }

  private static String str(Object value, Frame frame) {
    return Printer.str(value, frame.budget());
  }

  private static Filter ofText(String name) {
    return switch (name) {
      case "upper" -> (value, none, frame) -> Strings.upper(str(value, frame));
      case "lower" -> (value, none, frame) -> Strings.lower(str(value, frame));
      case "capitalize" -> (value, none, frame) -> Strings.capitalised(str(value, frame));
      case "title" -> (value, none, frame) -> title(str(value, frame));
      case "trim" ->
          (value, arguments, frame) ->
              Methods.stripped(
                  str(value, frame), arguments.bind(name, "chars").get(0, null), true, true);
      case "replace" ->
          (value, arguments, frame) -> {
            Arguments.Bound bound = arguments.bind(name, "old", "new", "count");
            return Methods.replaced(
                str(value, frame),
                str(bound.get(0), frame),
                str(bound.get(1), frame),
                bound.number(2, -1),
                frame.budget());
          };
      case "indent" -> (value, arguments, frame) -> indented(text(value), arguments, frame);
      case "center" ->
          (value, arguments, frame) ->
              Methods.of(str(value, frame), "center")
                  .call(frame, Arguments.of((long) arguments.bind(name, "width").number(0, 80)));
      case "wordcount" -> (value, none, frame) -> WORD.matcher(str(value, frame)).results().count();
      case "truncate" -> (value, arguments, frame) -> truncated(str(value, frame), arguments);
      case "format" -> Filters::formatted;
      case "e", "escape", "forceescape" -> (value, none, frame) -> escaped(str(value, frame));
      case "safe", "string" -> (value, none, frame) -> str(value, frame);
      default -> null;
    };
  }

  /** Each word's first letter great, where words end at blanks, dashes and opening brackets. */
  private static String title(String text) {
    StringBuilder title = new StringBuilder();
    boolean starts = true;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      String letter = Character.toString(c);
      title.append(starts ? Strings.upper(letter) : Strings.lower(letter));
      starts = WORD_START.matcher(letter).matches() || Strings.isBlank(c);
    }
    return title.toString();
  }

  private static String indented(String text, Arguments arguments, Frame frame) {
    Arguments.Bound bound = arguments.bind("indent", "width", "first", "blank");
    Object width = bound.get(0, 4L);
    int blanks = width instanceof String ? 0 : Math.max(0, bound.number(0, 4));
    frame.budget().text(blanks);
    String indent = width instanceof String some ? some : " ".repeat(blanks);
    frame.budget().text(indent.length());
    StringBuilder indented = new StringBuilder(bound.truth(1) ? indent : "");
    int from = 0;
    String lines = text.replace("\r\n", "\n").replace('\r', '\n');
    while (from <= lines.length()) {
      int end = lines.indexOf('\n', from);
      end = end < 0 ? lines.length() : end;
      String line = lines.substring(from, end);
      indented
          .append(from == 0 || line.isEmpty() && !bound.truth(2) ? "" : indent)
          .append(line)
          .append(end < lines.length() ? "\n" : "");
      from = end + 1;
      if (indented.length() > Budget.MOST_OUTPUT) {
        frame.budget().text(indented.length());
      }
    }
    frame.budget().text(indented.length());
    return indented.toString();
  }

  private static String truncated(String text, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("truncate", "length", "killwords", "end", "leeway");
    int length = bound.number(0, 255);
    String end = bound.has(2) ? bound.text(2) : "...";
    if (Strings.length(text) <= (long) length + bound.number(3, 5)) {
      return text;
    }
    String cut = Strings.part(text, 0, Math.max(0, length - Strings.length(end)));
    int space = cut.lastIndexOf(' ');
    return (bound.truth(1) || space < 0 ? cut : cut.substring(0, space)) + end;
  }

  private static Object formatted(Object value, Arguments arguments, Frame frame) {
    Object values = arguments.names().isEmpty() ? new Tuple(arguments.places()) : arguments.names();
    return Format.percent(str(value, frame), values, frame.budget());
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }

  private static Filter ofValue(String name) {
    return switch (name) {
      case "default", "d" ->
          (value, arguments, frame) -> {
            Arguments.Bound bound = arguments.bind(name, "default_value", "boolean");
            boolean absent = value instanceof Undefined || bound.truth(1) && !Python.truth(value);
            return absent ? bound.get(0, "") : value;
          };
      case "tojson" -> (value, arguments, frame) -> Json.dumps(value, arguments, frame.budget());
      case "length", "count" -> (value, none, frame) -> Python.length(value);
      case "int" -> Filters::whole;
      case "float" -> Filters::decimal;
      case "abs" ->
          (value, none, frame) ->
              Python.compare(value, 0L, frame.budget()) < 0 ? Arithmetic.negative(value) : value;
      case "round" -> Filters::rounded;
      case "attr" ->
          (value, arguments, frame) -> {
            Object of = Access.attribute(value, arguments.bind(name, "name").text(0));
            return value instanceof Map && !(of instanceof Function)
                ? new Undefined("a dict has no such attribute")
                : of;
          };
      case "items" ->
          (value, none, frame) -> {
            if (value instanceof Undefined) {
              return new Once(List.of());
            } else if (value instanceof Map<?, ?> map) {
              return new Once(Methods.items(map, frame).items());
            }
            throw TemplateException.value("only a dict has items, not %s", Python.type(value));
          };
      default -> null;
    };
  }

  private static Object whole(Object value, Arguments arguments, Frame frame) {
    Arguments.Bound bound = arguments.bind("int", "default", "base");
    Python.defined(value);
    try {
      if (value instanceof String text) {
        int base = bound.number(1, 10);
        String digits = withoutPrefix(Strings.strip(text).replace("_", ""), base);
        return digits.matches("[+-]?[0-9a-zA-Z]+") && isOfBase(digits, base)
            ? (Object) Long.valueOf(digits, base)
            : (Object) truncated(number(text));
      }
      return Python.isWhole(value) ? Python.index(value) : (Object) truncated((Double) value);
    } catch (NumberFormatException | ClassCastException | NullPointerException e) {
      return bound.get(0, 0L);
    }
  }

  private static String withoutPrefix(String digits, int base) {
    return base == 16 || base == 8 || base == 2
        ? digits.replaceFirst(
            "^([+-]?)0[" + (base == 16 ? "xX" : base == 8 ? "oO" : "bB") + "]", "$1")
        : digits;
  }

  private static boolean isOfBase(String digits, int base) {
    return digits.replaceFirst("[+-]", "").chars().allMatch(c -> Character.digit(c, base) >= 0);
  }

  private static long truncated(double number) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      throw new NumberFormatException();
    }
    return (long) number;
  }

  private static double number(String text) {
    String digits = Strings.strip(text).replace("_", "");
    if (!digits.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")) {
      throw new NumberFormatException();
    }
    return Double.parseDouble(digits);
  }

  private static Object decimal(Object value, Arguments arguments, Frame frame) {
    Object otherwise = arguments.bind("float", "default").get(0, 0.0);
    Python.defined(value);
    try {
      return value instanceof String text
          ? number(text)
          : Python.isNumber(value) ? Python.decimal(value) : otherwise;
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  private static Object rounded(Object value, Arguments arguments, Frame frame) {
    Arguments.Bound bound = arguments.bind("round", "precision", "method");
    int places = Math.max(-300, Math.min(300, bound.number(0, 0)));
    if (!Python.isNumber(Python.defined(value))) {
      throw TemplateException.value("%s cannot be rounded", Python.type(value));
    }
    String method = bound.has(1) ? bound.text(1) : "common";
    if (!Set.of("common", "ceil", "floor").contains(method)) {
      throw TemplateException.value("there is no rounding '%s'", method);
    }
    if (method.equals("common")) {
      Object common =
          new BigDecimal(Python.decimal(value))
              .setScale(places, RoundingMode.HALF_EVEN)
              .doubleValue();
      return Python.isWhole(value) ? (Object) ((Double) common).longValue() : common;
    }
    double scale = Math.pow(10, places);
    double scaled = Python.decimal(value) * scale;
    return (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
  }

  /** The parts of a text that a filter's attribute names: {@code a.b.0}. */
  static List<Object> path(Object attribute) {
    List<Object> path = new ArrayList<>();
    for (String part : String.valueOf(attribute).split("\\.", -1)) {
      path.add(part.matches("\\d{1,9}") ? (Object) Long.valueOf(part) : part);
    }
    return path;
  }
}
