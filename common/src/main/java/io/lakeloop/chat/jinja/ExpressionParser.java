package io.lakeloop.chat.jinja;

import io.lakeloop.chat.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Reads expressions, from the loosest operator to the tightest. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final Tokens tokens;
  private final Consumer<String> mentioned;

  /**
   * @param mentioned is told each name that is read
   */
  ExpressionParser(Tokens tokens, Consumer<String> mentioned) {
    this.tokens = tokens;
    this.mentioned = mentioned;
  }

  /** One expression, or several with commas between, which make a tuple. */
  Expression tuple(boolean conditional, String end) {
    List<Expression> items = new ArrayList<>();
    boolean comma = false;
    do {
      if (!items.isEmpty() && endsHere(end)) {
        break;
      }
      items.add(conditional ? expression() : nested(this::or));
      comma |= tokens.at(",");
    } while (tokens.skip(","));
    return comma ? tupleOf(items) : items.get(0);
  }

  private boolean endsHere(String end) {
    Kind kind = tokens.current().kind();
    return kind == Kind.PRINT_END || kind == Kind.BLOCK_END || tokens.at(")") || tokens.atName(end);
  }

  private static Expression tupleOf(List<Expression> items) {
    return frame -> new Tuple(values(items, frame));
  }

  private static List<Object> values(List<Expression> items, Frame frame) {
    List<Object> values = new ArrayList<>(items.size());
    for (Expression item : items) {
      values.add(item.value(frame));
    }
    frame.budget().items(values.size());
    return values;
  }

  private Expression nested(Supplier<Expression> part) {
    int depth = tokens.depth();
    tokens.nest();
    Expression expression = part.get();
    tokens.back(depth);
    return expression;
  }

  Expression expression() {
    return nested(this::conditional);
  }

  private Expression conditional() {
    Expression value = or();
    while (tokens.skipName("if")) {
      tokens.deeper();
      Expression then = value;
      Expression test = or();
      Expression otherwise = tokens.skipName("else") ? nested(this::conditional) : null;
      value =
          frame ->
              Python.truth(test.value(frame))
                  ? then.value(frame)
                  : otherwise == null
                      ? new Undefined("the inline if had no else")
                      : otherwise.value(frame);
    }
    return value;
  }

  private Expression or() {
    Expression value = and();
    while (tokens.skipName("or")) {
      tokens.deeper();
      Expression left = value;
      Expression right = and();
      value =
          frame -> {
            Object first = left.value(frame);
            return Python.truth(first) ? first : right.value(frame);
          };
    }
    return value;
  }

  private Expression and() {
    Expression value = not();
    while (tokens.skipName("and")) {
      tokens.deeper();
      Expression left = value;
      Expression right = not();
      value =
          frame -> {
            Object first = left.value(frame);
            return Python.truth(first) ? right.value(frame) : first;
          };
    }
    return value;
  }

  private Expression not() {
    if (tokens.skipName("not")) {
      Expression value = nested(this::not);
      return frame -> !Python.truth(value.value(frame));
    }
    return comparison();
  }

  private record Comparison(String operator, Expression right) {}

  private Expression comparison() {
    Expression first = sum();
    List<Comparison> chain = new ArrayList<>();
    while (true) {
      if (tokens.current().kind() == Kind.OPERATOR
          && COMPARISONS.contains(tokens.current().value())) {
        chain.add(new Comparison((String) tokens.next().value(), sum()));
      } else if (tokens.skipName("in")) {
        chain.add(new Comparison("in", sum()));
      } else if (tokens.atName("not") && tokens.followedBy(Kind.NAME, "in")) {
        tokens.next();
        tokens.next();
        chain.add(new Comparison("not in", sum()));
      } else {
        return chain.isEmpty() ? first : frame -> compare(first, chain, frame);
      }
    }
  }

  private static boolean compare(Expression first, List<Comparison> chain, Frame frame) {
    Object left = first.value(frame);
    for (Comparison comparison : chain) {
      Object right = comparison.right().value(frame);
      if (!holds(comparison.operator(), left, right, frame.budget())) {
        return false;
      }
      left = right;
    }
    return true;
  }

  static boolean holds(String operator, Object left, Object right, Budget budget) {
    return switch (operator) {
      case "==" -> Python.equal(left, right, budget);
      case "!=" -> !Python.equal(left, right, budget);
      case "in" -> Python.contains(right, left, budget);
      case "not in" -> !Python.contains(right, left, budget);
      case "<" -> Python.compare(left, right, budget) < 0;
      case "<=" -> Python.compare(left, right, budget) <= 0;
      case ">" -> Python.compare(left, right, budget) > 0;
      default -> Python.compare(left, right, budget) >= 0;
    };
  }

  private Expression sum() {
    return operators(this::concatenation, "+", "-");
  }

  private Expression product() {
    return operators(this::power, "*", "/", "//", "%");
  }

  private Expression power() {
    return operators(() -> unary(true), "**");
  }

  private Expression operators(Supplier<Expression> operand, String... operators) {
    Expression value = operand.get();
    while (tokens.current().kind() == Kind.OPERATOR
        && List.of(operators).contains(tokens.current().value())) {
      String operator = (String) tokens.next().value();
      tokens.deeper();
      Expression left = value;
      Expression right = operand.get();
      value =
          frame ->
              Arithmetic.apply(operator, left.value(frame), right.value(frame), frame.budget());
    }
    return value;
  }

  private Expression concatenation() {
    Expression first = product();
    if (!tokens.at("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skip("~")) {
      parts.add(product());
    }
    return frame -> Methods.joined(values(parts, frame), "", frame.budget());
  }

  private Expression unary(boolean filters) {
    Expression value;
    if (tokens.skip("-")) {
      Expression operand = nested(() -> unary(false));
      value = frame -> Arithmetic.negative(operand.value(frame));
    } else if (tokens.skip("+")) {
      Expression operand = nested(() -> unary(false));
      value = frame -> Arithmetic.positive(operand.value(frame));
    } else {
      value = primary();
    }
    value = postfix(value);
    return filters ? filtered(value) : value;
  }

  private Expression primary() {
    Token token = tokens.current();
    switch (token.kind()) {
      case NAME:
        return named(tokens.name());
      case STRING:
        return string();
      case NUMBER:
        Object number = tokens.next().value();
        return frame -> number;
      default:
        if (tokens.skip("(")) {
          return parentheses();
        } else if (tokens.skip("[")) {
          List<Expression> items = list();
          return frame -> values(items, frame);
        } else if (tokens.skip("{")) {
          return dict();
        }
        throw tokens.unexpected("an expression");
    }
  }

  private Expression named(String name) {
    switch (name) {
      case "true", "True":
        return frame -> true;
      case "false", "False":
        return frame -> false;
      case "none", "None":
        return frame -> null;
      default:
        mentioned.accept(name);
        return frame -> frame.get(name);
    }
  }

  private Expression string() {
    StringBuilder text = new StringBuilder();
    while (tokens.current().kind() == Kind.STRING) {
      text.append(tokens.next().value());
    }
    String whole = text.toString();
    return frame -> whole;
  }

  private Expression parentheses() {
    if (tokens.skip(")")) {
      return frame -> Tuple.of();
    }
    Expression inside = nested(() -> tuple(true, ""));
    tokens.expect(")");
    return inside;
  }

  private List<Expression> list() {
    List<Expression> items = new ArrayList<>();
    while (!tokens.skip("]")) {
      if (!items.isEmpty()) {
        tokens.expect(",");
        if (tokens.skip("]")) {
          break;
        }
      }
      items.add(expression());
    }
    return items;
  }

  private Expression dict() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.skip("}")) {
      if (!keys.isEmpty()) {
        tokens.expect(",");
        if (tokens.skip("}")) {
          break;
        }
      }
      keys.add(expression());
      tokens.expect(":");
      values.add(expression());
    }
    return frame -> {
      Map<Object, Object> dict = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        dict.put(Python.key(keys.get(i).value(frame)), values.get(i).value(frame));
      }
      frame.budget().items(dict.size());
      return dict;
    };
  }

  private Expression postfix(Expression first) {
    Expression value = first;
    while (true) {
      Expression of = value;
      if (tokens.skip(".")) {
        tokens.deeper();
        value = attribute(of);
      } else if (tokens.skip("[")) {
        tokens.deeper();
        value = subscript(of);
      } else if (tokens.at("(")) {
        tokens.deeper();
        value = call(of);
      } else {
        return value;
      }
    }
  }

  /** The value, which will be looked through. */
  private static Object read(Expression of, Frame frame) {
    Object value = of.value(frame);
    frame.budget().read(value);
    return value;
  }

  private Expression attribute(Expression of) {
    if (tokens.current().value() instanceof Long number) {
      tokens.next();
      return frame -> Access.item(read(of, frame), number);
    }
    String name = tokens.name();
    return frame -> Access.attribute(read(of, frame), name);
  }

  private Expression subscript(Expression of) {
    Expression first = tokens.at(":") ? null : tuple(true, "");
    if (tokens.skip("]")) {
      return frame -> Access.item(read(of, frame), first.value(frame));
    }
    tokens.expect(":");
    Expression second = tokens.at(":") || tokens.at("]") ? null : expression();
    Expression third = tokens.skip(":") && !tokens.at("]") ? expression() : null;
    tokens.expect("]");
    return frame ->
        Access.slice(
            read(of, frame),
            orNull(first, frame),
            orNull(second, frame),
            orNull(third, frame),
            frame.budget());
  }

  private static Object orNull(Expression expression, Frame frame) {
    return expression == null ? null : expression.value(frame);
  }

  /** Turns the arguments of a call, evaluated, into what is called. */
  @FunctionalInterface
  interface Call {
    Arguments value(Frame frame);
  }

  /** What a call block calls, up to the parentheses of its last call. */
  Expression callee() {
    Expression value = primary();
    while (!tokens.at("(")) {
      Expression of = value;
      if (tokens.skip(".")) {
        value = attribute(of);
      } else if (tokens.skip("[")) {
        value = subscript(of);
      } else {
        throw tokens.unexpected("a call");
      }
    }
    return value;
  }

  private Expression call(Expression of) {
    Call arguments = arguments();
    return frame -> called(of.value(frame), frame, arguments.value(frame));
  }

  static Object called(Object function, Frame frame, Arguments arguments) {
    frame.budget().step(1);
    if (Python.defined(function) instanceof Function callable) {
      return callable.call(frame, arguments);
    }
    throw TemplateException.value("%s cannot be called", Python.type(function));
  }

  /** The arguments in parentheses. */
  Call arguments() {
    tokens.expect("(");
    List<Expression> places = new ArrayList<>();
    Map<String, Expression> names = new LinkedHashMap<>();
    Expression[] rest = new Expression[2];
    boolean first = true;
    while (!tokens.skip(")")) {
      if (!first) {
        tokens.expect(",");
        if (tokens.skip(")")) {
          break;
        }
      }
      first = false;
      argument(places, names, rest);
    }
    return frame -> passed(places, names, rest, frame);
  }

  private void argument(List<Expression> places, Map<String, Expression> names, Expression[] rest) {
    if (tokens.skip("*")) {
      rest[0] = expression();
    } else if (tokens.skip("**")) {
      rest[1] = expression();
    } else if (tokens.current().kind() == Kind.NAME && tokens.followedBy(Kind.OPERATOR, "=")) {
      String name = tokens.name();
      tokens.next();
      names.put(name, expression());
    } else if (names.isEmpty() && rest[0] == null && rest[1] == null) {
      places.add(expression());
    } else {
      throw tokens.unexpected("an argument with its name");
    }
  }

  private static Arguments passed(
      List<Expression> places, Map<String, Expression> names, Expression[] rest, Frame frame) {
    if (places.isEmpty() && names.isEmpty() && rest[0] == null && rest[1] == null) {
      return Arguments.NONE;
    }
    List<Object> values = new ArrayList<>();
    places.forEach(place -> values.add(place.value(frame)));
    Map<String, Object> named = new LinkedHashMap<>();
    names.forEach((name, value) -> named.put(name, value.value(frame)));
    if (rest[0] != null) {
      values.addAll(Python.items(rest[0].value(frame), frame.budget()));
    }
    if (rest[1] != null) {
      if (!(Python.defined(rest[1].value(frame)) instanceof Map<?, ?> map)) {
        throw TemplateException.value("only a dict gives arguments by name");
      }
      map.forEach((name, value) -> named.put(String.valueOf(name), value));
    }
    frame.budget().items(values.size() + named.size());
    return new Arguments(values, named);
  }

  private Expression filtered(Expression first) {
    Expression value = first;
    while (true) {
      Expression of = value;
      if (tokens.skip("|")) {
        tokens.deeper();
        value = filter(of);
      } else if (tokens.skipName("is")) {
        tokens.deeper();
        value = test(of);
      } else if (tokens.at("(")) {
        tokens.deeper();
        value = call(of);
      } else {
        return value;
      }
    }
  }

  /** A filter's name and arguments, applied to a value. */
  Expression filter(Expression of) {
    String name = tokens.name();
    Filters.Filter filter = Filters.named(name);
    Call arguments = tokens.at("(") ? arguments() : frame -> Arguments.NONE;
    return frame -> {
      Object value = read(of, frame);
      frame.budget().step(1);
      requireKnown(filter, "filter", name);
      return filter.apply(value, arguments.value(frame), frame);
    };
  }

  /** Only what is used must be known: a template may ask first whether a filter is there. */
  private static void requireKnown(Object known, String what, String name) {
    if (known == null) {
      throw TemplateException.value("there is no %s '%s'", what, name);
    }
  }

  private Expression test(Expression of) {
    boolean negated = tokens.skipName("not");
    String name = tokens.name();
    Checks.Check check = Checks.named(name);
    Call arguments = checkArguments();
    return frame -> {
      requireKnown(check, "test", name);
      return check.holds(read(of, frame), arguments.value(frame), frame.budget()) != negated;
    };
  }

  private Call checkArguments() {
    Token token = tokens.current();
    boolean argument =
        switch (token.kind()) {
          case NAME -> !Set.of("else", "or", "and").contains(token.value());
          case STRING, NUMBER -> true;
          default -> token.isOperator("[") || token.isOperator("{");
        };
    if (tokens.at("(")) {
      return arguments();
    } else if (!argument) {
      return frame -> Arguments.NONE;
    }
    Expression only = nested(() -> postfix(primary()));
    return frame -> Arguments.of(only.value(frame));
  }
}
