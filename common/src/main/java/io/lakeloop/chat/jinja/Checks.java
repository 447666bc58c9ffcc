package io.lakeloop.chat.jinja;

import java.util.List;
import java.util.Map;

/** The tests behind {@code is}. */
final class Checks {
  /** One test. */
  @FunctionalInterface
  interface Check {
    boolean holds(Object value, Arguments arguments, Budget budget);
  }

  private Checks() {}

  /** The test of that name, or null. */
  static Check named(String name) {
    Check of = ofKind(name);
    return of == null
        ? ofRelation(name)
        : (value, arguments, budget) -> {
          arguments.bind("is " + name);
          return of.holds(value, Arguments.NONE, budget);
        };
  }

  private static Check ofKind(String name) {
    return switch (name) {
      case "defined" -> (value, none, budget) -> !(value instanceof Undefined);
      case "undefined" -> (value, none, budget) -> value instanceof Undefined;
      case "none" -> (value, none, budget) -> value == null;
      case "boolean" -> (value, none, budget) -> value instanceof Boolean;
      case "true" -> (value, none, budget) -> Boolean.TRUE.equals(value);
      case "false" -> (value, none, budget) -> Boolean.FALSE.equals(value);
      case "integer" ->
          (value, none, budget) -> Python.isWhole(value) && !(value instanceof Boolean);
      case "float" -> (value, none, budget) -> value instanceof Double;
      case "number" -> (value, none, budget) -> Python.isNumber(value);
      case "string" -> (value, none, budget) -> value instanceof String;
      case "mapping" -> (value, none, budget) -> value instanceof Map;
      case "iterable" -> (value, none, budget) -> Python.isIterable(value);
      case "sequence" ->
          (value, none, budget) ->
              value instanceof List
                  || value instanceof Map
                  || value instanceof String
                  || value instanceof Undefined;
      case "callable" -> (value, none, budget) -> value instanceof Function;
      case "escaped" -> (value, none, budget) -> false;
      case "filter" ->
          (value, none, budget) -> value instanceof String filter && Filters.named(filter) != null;
      case "test" -> (value, none, budget) -> value instanceof String check && named(check) != null;
      case "lower" -> (value, none, budget) -> Methods.isLower(Printer.str(value, budget));
      case "upper" -> (value, none, budget) -> Methods.isUpper(Printer.str(value, budget));
      case "odd" -> (value, none, budget) -> remainder(value, 2L, budget) == 1;
      case "even" -> (value, none, budget) -> remainder(value, 2L, budget) == 0;
      default -> null;
    };
  }

  private static Check ofRelation(String name) {
    return switch (name) {
      case "divisibleby" ->
          (value, arguments, budget) -> remainder(value, other(name, arguments), budget) == 0;
      case "sameas" -> (value, arguments, budget) -> same(value, other(name, arguments));
      case "eq", "equalto" -> relation("==");
      case "ne" -> relation("!=");
      case "lt", "lessthan" -> relation("<");
      case "le" -> relation("<=");
      case "gt", "greaterthan" -> relation(">");
      case "ge" -> relation(">=");
      case "in" -> relation("in");
      case "==", "!=", "<", "<=", ">", ">=" -> relation(name);
      default -> null;
    };
  }

  private static Check relation(String operator) {
    return (value, arguments, budget) ->
        ExpressionParser.holds(operator, value, other(operator, arguments), budget);
  }

  private static Object other(String name, Arguments arguments) {
    return arguments.bind(name, "other").get(0);
  }

  private static double remainder(Object value, Object by, Budget budget) {
    if (!Python.isNumber(Python.defined(value))) {
      throw TemplateException.value("%s cannot be divided", Python.type(value));
    }
    return Python.decimal(Arithmetic.apply("%", value, by, budget));
  }

  private static boolean same(Object value, Object other) {
    return value == other
        || value instanceof Boolean && value.equals(other)
        || value instanceof Long && value.equals(other)
        || value instanceof String && value.equals(other);
  }
}
