package io.lakeloop.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/** The operators that make values of values. */
final class Arithmetic {
  private Arithmetic() {}

  static Object apply(String operator, Object left, Object right, Budget budget) {
    Python.defined(left);
    Python.defined(right);
    try {
      if (Python.isNumber(left) && Python.isNumber(right)) {
        return numbers(operator, left, right);
      }
      return switch (operator) {
        case "+" -> sum(left, right, budget);
        case "*" -> repeated(left, right, budget);
        case "%" -> {
          if (left instanceof String format) {
            yield Format.percent(format, right, budget);
          }
          throw mismatch(operator, left, right);
        }
        default -> throw mismatch(operator, left, right);
      };
    } catch (ArithmeticException e) {
      throw TemplateException.value("the result of %s is too large", operator);
    }
  }

  private static TemplateException mismatch(String operator, Object left, Object right) {
    return TemplateException.value(
        "%s and %s do not go together with %s", Python.type(left), Python.type(right), operator);
  }

  private static Object numbers(String operator, Object left, Object right) {
    if (Python.isWhole(left) && Python.isWhole(right) && !operator.equals("/")) {
      return whole(operator, Python.index(left), Python.index(right));
    }
    double a = Python.decimal(left);
    double b = Python.decimal(right);
    if (b == 0 && "/ // %".contains(operator)) {
      throw TemplateException.value("division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      default -> Math.pow(a, b);
    };
  }

  private static Object whole(String operator, long a, long b) {
    if (b == 0 && (operator.equals("//") || operator.equals("%"))) {
      throw TemplateException.value("division by zero");
    }
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "//" -> Math.floorDiv(a, b);
      case "%" -> Math.floorMod(a, b);
      default -> power(a, b);
    };
  }

  private static Object power(long base, long exponent) {
    if (exponent < 0) {
      return Math.pow(base, exponent);
    }
    long power = 1;
    for (long i = 0; i < exponent && (power != 1 || i < 2) && power != 0; i++) {
      power = Math.multiplyExact(power, base);
    }
    return Math.abs(base) == 1 ? (base == 1 || exponent % 2 == 0 ? 1L : -1L) : power;
  }

  private static Object sum(Object left, Object right, Budget budget) {
    if (left instanceof String a && right instanceof String b) {
      budget.text((long) a.length() + b.length());
      return a + b;
    } else if (left instanceof List<?> a
        && right instanceof List<?> b
        && left instanceof Tuple == right instanceof Tuple
        && !(left instanceof Range || right instanceof Range)) {
      budget.items((long) a.size() + b.size());
      List<Object> both = new ArrayList<>(a);
      both.addAll(b);
      return left instanceof Tuple ? new Tuple(both) : both;
    }
    throw mismatch("+", left, right);
  }

  private static Object repeated(Object left, Object right, Budget budget) {
    if (Python.isWhole(left)) {
      return repeated(right, left, budget);
    } else if (left instanceof String text && Python.isWhole(right)) {
      long times = Math.max(0, Python.index(right));
      budget.text(Math.multiplyExact(text.length(), times));
      return text.repeat((int) times);
    } else if (left instanceof List<?> list && !(left instanceof Range) && Python.isWhole(right)) {
      long times = list.isEmpty() ? 0 : Math.max(0, Python.index(right));
      budget.items(Math.multiplyExact(list.size(), times));
      List<Object> all = new ArrayList<>();
      for (long i = 0; i < times; i++) {
        all.addAll(list);
      }
      return left instanceof Tuple ? new Tuple(all) : all;
    }
    throw mismatch("*", left, right);
  }

  static Object negative(Object value) {
    if (Python.isWhole(Python.defined(value))) {
      return Math.negateExact(Python.index(value));
    } else if (value instanceof Double number) {
      return -number;
    }
    throw TemplateException.value("%s has no negative", Python.type(value));
  }

  static Object positive(Object value) {
    return negative(negative(value));
  }
}
