package io.lakeloop.chat.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's two ways to put values into a text: {@code '%s' % x} and {@code '{}'.format(x)}. */
final class Format {
  private static final Pattern PERCENT =
      Pattern.compile("%(\\(([^)]*)\\))?([-+ 0#]*)(\\d{0,4})(?:\\.(\\d{1,2}))?(.)", Pattern.DOTALL);
  private static final Pattern BRACES = Pattern.compile("\\{\\{|\\}\\}|\\{([^{}]*)\\}|[{}]");

  private Format() {}

  static String percent(String format, Object values, Budget budget) {
    Iterator<?> places =
        values instanceof Tuple tuple
            ? tuple.iterator()
            : Collections.singletonList(values).iterator();
    StringBuilder text = new StringBuilder();
    Matcher field = PERCENT.matcher(format);
    int from = 0;
    while (field.find(from)) {
      text.append(format, from, field.start());
      text.append(field.group(6).equals("%") ? "%" : percent(field, values, places, budget));
      from = field.end();
      if (text.length() > Budget.MOST_OUTPUT) {
        budget.text(text.length());
      }
    }
    text.append(format.substring(from));
    budget.text(text.length());
    if (values instanceof Tuple && places.hasNext()) {
      throw TemplateException.value("not all values were used by the format");
    }
    return text.toString();
  }

  private static String percent(Matcher field, Object values, Iterator<?> places, Budget budget) {
    Object value;
    if (field.group(1) != null) {
      value = values instanceof Map<?, ?> map ? map.get(field.group(2)) : null;
    } else if (places.hasNext()) {
      value = places.next();
    } else {
      throw TemplateException.value("the format asks for more values than there are");
    }
    String digits = field.group(5);
    String plain =
        switch (field.group(6)) {
          case "s" -> Printer.str(value, budget);
          case "r" -> Printer.repr(value, budget);
          case "d", "i" -> String.valueOf((long) number(value));
          case "f" -> fixed(number(value), digits == null ? 6 : Integer.parseInt(digits));
          case "x" -> Long.toHexString(Python.index(value));
          default -> throw TemplateException.value("the format '%s' is not known", field.group());
        };
    return padded(plain, field.group(3), field.group(4));
  }

  private static double number(Object value) {
    if (Python.isNumber(value)) {
      return Python.decimal(value);
    }
    throw TemplateException.value("the format wants a number, not %s", Python.type(value));
  }

  private static String fixed(double number, int digits) {
    return new BigDecimal(number).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String padded(String plain, String flags, String width) {
    String signed = flags.contains("+") && !plain.startsWith("-") ? "+" + plain : plain;
    int missing = (width.isEmpty() ? 0 : Integer.parseInt(width)) - Strings.length(signed);
    if (missing <= 0) {
      return signed;
    } else if (flags.contains("-")) {
      return signed + " ".repeat(missing);
    } else if (flags.contains("0")) {
      int sign = signed.startsWith("-") || signed.startsWith("+") ? 1 : 0;
      return signed.substring(0, sign) + "0".repeat(missing) + signed.substring(sign);
    }
    return " ".repeat(missing) + signed;
  }

  /** Fields that are a place, a name, or nothing; what follows a colon is not offered. */
  static String braces(String format, Arguments arguments, Budget budget) {
    StringBuilder text = new StringBuilder();
    Matcher field = BRACES.matcher(format);
    int next = 0;
    while (field.find()) {
      String found = field.group();
      field.appendReplacement(text, "");
      if (found.equals("{{") || found.equals("}}")) {
        text.append(found.charAt(0));
      } else if (field.group(1) == null) {
        throw TemplateException.value("single brace in a format");
      } else {
        String name = field.group(1).isEmpty() ? String.valueOf(next++) : field.group(1);
        text.append(Printer.str(named(name, arguments), budget));
      }
      budget.step(1);
      if (text.length() > Budget.MOST_OUTPUT) {
        budget.text(text.length());
      }
    }
    field.appendTail(text);
    budget.text(text.length());
    return text.toString();
  }

  private static Object named(String name, Arguments arguments) {
    if (name.matches("\\d{1,4}") && Integer.parseInt(name) < arguments.places().size()) {
      return arguments.places().get(Integer.parseInt(name));
    } else if (arguments.names().containsKey(name)) {
      return arguments.names().get(name);
    }
    throw TemplateException.value("the format field '%s' is not known", name);
  }
}
