package io.lakeloop.chat.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** What Python says of values: their truth, order, length and names. */
final class Python {
  private Python() {}

  static boolean truth(Object value) {
    if (value == null || value instanceof Undefined) {
      return false;
    } else if (value instanceof Boolean truth) {
      return truth;
    } else if (value instanceof Number number) {
      return number.doubleValue() != 0;
    } else if (value instanceof String text) {
      return !text.isEmpty();
    } else if (value instanceof Collection<?> collection) {
      return !collection.isEmpty();
    } else if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return true;
  }

  /** The name of the value's type, for messages. */
  static String type(Object value) {
    if (value == null) {
      return "None";
    } else if (value instanceof Boolean) {
      return "a bool";
    } else if (value instanceof Double) {
      return "a float";
    } else if (value instanceof Number) {
      return "an int";
    } else if (value instanceof String) {
      return "a text";
    } else if (value instanceof Tuple) {
      return "a tuple";
    } else if (value instanceof List) {
      return "a list";
    } else if (value instanceof Map) {
      return "a dict";
    } else if (value instanceof Undefined) {
      return "undefined";
    } else if (value instanceof Namespace) {
      return "a namespace";
    }
    return value instanceof Function ? "a function" : "a " + Printer.typeName(value);
  }

  static boolean isNumber(Object value) {
    return value instanceof Number || value instanceof Boolean;
  }

  static boolean isWhole(Object value) {
    return value instanceof Number && !(value instanceof Double) || value instanceof Boolean;
  }

  /** A whole number, as places and counts are. */
  static long index(Object value) {
    if (value instanceof Boolean truth) {
      return truth ? 1 : 0;
    } else if (value instanceof Long number) {
      return number;
    }
    throw TemplateException.value("a whole number is needed, not %s", type(defined(value)));
  }

  static double decimal(Object value) {
    return value instanceof Boolean truth ? (truth ? 1 : 0) : ((Number) value).doubleValue();
  }

  /**
   * The value itself.
   *
   * @throws TemplateException if it is undefined
   */
  static Object defined(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    return value;
  }

  static boolean isIterable(Object value) {
    return value instanceof Iterable
        || value instanceof Map
        || value instanceof String
        || value instanceof Undefined;
  }

  /** The items that a loop over the value meets: a dict's keys, a text's characters. */
  @SuppressWarnings("unchecked")
  static List<Object> items(Object value, Budget budget) {
    List<Object> items;
    if (value instanceof List<?> list) {
      return (List<Object>) list;
    } else if (value instanceof String text) {
      items = Strings.characters(text);
    } else if (value instanceof Map<?, ?> map) {
      items = new ArrayList<>(map.keySet());
    } else if (value instanceof View view) {
      return view.items();
    } else if (value instanceof Iterable<?> some) {
      items = new ArrayList<>();
      some.forEach(items::add);
    } else if (value instanceof Undefined) {
      return List.of();
    } else {
      throw TemplateException.value("there is no going through %s", type(value));
    }
    budget.items(items.size());
    return items;
  }

  static long length(Object value) {
    if (value instanceof String text) {
      return Strings.length(text);
    } else if (value instanceof Collection<?> collection) {
      return collection.size();
    } else if (value instanceof Map<?, ?> map) {
      return map.size();
    } else if (value instanceof Undefined) {
      return 0;
    }
    throw TemplateException.value("%s has no length", type(value));
  }

  /**
   * A value that may be the key of a dict.
   *
   * @throws TemplateException if it is a list or a dict, or made of others than numbers and texts
   */
  static Object key(Object value) {
    if (value instanceof Tuple tuple) {
      List<Object> parts = new ArrayList<>();
      tuple.forEach(part -> parts.add(scalarKey(part)));
      return new Tuple(parts);
    }
    return scalarKey(value);
  }

  private static Object scalarKey(Object value) {
    if (value instanceof Boolean truth) {
      return truth ? 1L : 0L;
    } else if (value instanceof Double number && number == Math.rint(number)) {
      return Math.abs(number) < 1e15 ? (Object) number.longValue() : number;
    } else if (value == null || value instanceof Number || value instanceof String) {
      return value;
    }
    throw TemplateException.value("%s cannot be a key", type(defined(value)));
  }

  static boolean equal(Object left, Object right, Budget budget) {
    budget.step(1);
    if (left == right) {
      return true;
    } else if (isNumber(left) && isNumber(right)) {
      return compareNumbers(left, right) == 0;
    } else if (left instanceof List<?> some && right instanceof List<?> others) {
      return left instanceof Tuple == right instanceof Tuple
          && left instanceof Range == right instanceof Range
          && equalItems(some, others, budget);
    } else if (left instanceof Map<?, ?> some && right instanceof Map<?, ?> others) {
      return equalEntries(some, others, budget);
    } else if (left instanceof String text) {
      budget.read(right);
      return text.equals(right);
    }
    return left instanceof Undefined && right instanceof Undefined;
  }

  private static boolean equalItems(List<?> left, List<?> right, Budget budget) {
    if (left.size() != right.size()) {
      return false;
    }
    budget.enter();
    Iterator<?> others = right.iterator();
    boolean equal = true;
    for (Iterator<?> some = left.iterator(); equal && some.hasNext(); ) {
      equal = equal(some.next(), others.next(), budget);
    }
    budget.leave();
    return equal;
  }

  private static boolean equalEntries(Map<?, ?> left, Map<?, ?> right, Budget budget) {
    if (left.size() != right.size()) {
      return false;
    }
    budget.enter();
    boolean equal = true;
    for (Map.Entry<?, ?> entry : left.entrySet()) {
      equal =
          equal
              && right.containsKey(entry.getKey())
              && equal(entry.getValue(), right.get(entry.getKey()), budget);
    }
    budget.leave();
    return equal;
  }

  /**
   * Below, at, or above 0 as the left comes before, with, or after the right.
   *
   * @throws TemplateException if there is no order between the two
   */
  static int compare(Object left, Object right, Budget budget) {
    budget.step(1);
    if (isNumber(left) && isNumber(right)) {
      return compareNumbers(left, right);
    } else if (left instanceof String some && right instanceof String other) {
      budget.read(some);
      return compareTexts(some, other);
    } else if (left instanceof List<?> some
        && right instanceof List<?> others
        && left instanceof Tuple == right instanceof Tuple) {
      return compareItems(some, others, budget);
    }
    throw TemplateException.value(
        "%s and %s have no order", type(defined(left)), type(defined(right)));
  }

  private static int compareNumbers(Object left, Object right) {
    if (isWhole(left) && isWhole(right)) {
      return whole(left).compareTo(whole(right));
    }
    return Double.compare(decimal(left) + 0.0, decimal(right) + 0.0);
  }

  private static BigDecimal whole(Object number) {
    return number instanceof Boolean truth
        ? truth ? BigDecimal.ONE : BigDecimal.ZERO
        : new BigDecimal(number.toString());
  }

  private static int compareTexts(String left, String right) {
    int i = 0;
    int shorter = Math.min(left.length(), right.length());
    while (i < shorter && left.charAt(i) == right.charAt(i)) {
      i++;
    }
    if (i == shorter) {
      return Integer.compare(left.length(), right.length());
    }
    boolean split = i > 0 && Character.isHighSurrogate(left.charAt(i - 1));
    int from = split ? i - 1 : i;
    return Integer.compare(left.codePointAt(from), right.codePointAt(from));
  }

  private static int compareItems(List<?> left, List<?> right, Budget budget) {
    budget.enter();
    Iterator<?> others = right.iterator();
    int order = 0;
    Iterator<?> some = left.iterator();
    while (order == 0 && some.hasNext() && others.hasNext()) {
      Object a = some.next();
      Object b = others.next();
      order = equal(a, b, budget) ? 0 : compare(a, b, budget);
    }
    budget.leave();
    return order != 0 ? order : Integer.compare(left.size(), right.size());
  }

  /** Whether the value has the item: a text its part, a dict its key. */
  static boolean contains(Object value, Object item, Budget budget) {
    if (value instanceof String text) {
      if (item instanceof String part) {
        budget.read(text);
        return text.contains(part);
      }
      throw TemplateException.value("a text contains no %s", type(defined(item)));
    } else if (value instanceof Map<?, ?> map) {
      return map.containsKey(key(item));
    }
    for (Object other : items(value, budget)) {
      if (equal(other, item, budget)) {
        return true;
      }
    }
    return false;
  }

  /** The shortest decimal digits that stand for the number, as Python's {@code repr}. */
  static String repr(double number) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
    } else if (number == 0) {
      return 1 / number < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(number);
    BigDecimal shortest = exact;
    for (int digits = 1; digits <= 17; digits++) {
      shortest = exact.round(new MathContext(digits));
      if (shortest.doubleValue() == number) {
        break;
      }
    }
    shortest = shortest.stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String digits = shortest.unscaledValue().abs().toString();
    return (number < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }
}
