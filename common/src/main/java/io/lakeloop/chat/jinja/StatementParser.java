package io.lakeloop.chat.jinja;

import io.lakeloop.chat.jinja.Statement.Flow;
import io.lakeloop.chat.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads a whole template: text, prints and blocks. */
final class StatementParser {
  private final Tokens tokens;
  private final ExpressionParser expressions;
  private final Set<String> names = new HashSet<>();
  private final Deque<Set<String>> macros = new ArrayDeque<>();
  private int loops;

  StatementParser(List<Token> tokens) {
    this.tokens = new Tokens(tokens);
    this.expressions =
        new ExpressionParser(
            this.tokens,
            name -> {
              names.add(name);
              macros.forEach(macro -> macro.add(name));
            });
  }

  /** All names that the template reads. */
  Set<String> names() {
    return names;
  }

  List<Statement> template() {
    List<Statement> body = statements();
    if (tokens.current().kind() != Kind.END) {
      throw TemplateException.syntax(
          tokens.current().line(), "there is no block '" + tokens.current().value() + "' to end");
    }
    return body;
  }

  static Flow run(List<Statement> body, Frame frame) {
    for (Statement statement : body) {
      Flow flow = statement.run(frame);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  /** Statements up to a block that only ends or parts another; its name is then the next token. */
  private List<Statement> statements() {
    int depth = tokens.depth();
    tokens.nest();
    List<Statement> body = new ArrayList<>();
    while (true) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> body.add(frame -> write((String) token.value(), frame));
        case PRINT_BEGIN -> body.add(at(token.line(), print()));
        case BLOCK_BEGIN -> {
          String name = String.valueOf(tokens.current().value());
          if (name.startsWith("end") || name.equals("else") || name.equals("elif")) {
            tokens.back(depth);
            return body;
          }
          body.add(at(token.line(), block(tokens.name())));
          tokens.expect(Kind.BLOCK_END);
        }
        default -> {
          tokens.back(depth);
          tokens.stepBack();
          return body;
        }
      }
    }
  }

  private static Statement at(int line, Statement statement) {
    return frame -> {
      frame.rendering.line = line;
      frame.budget().step(1);
      return statement.run(frame);
    };
  }

  private static Flow write(String text, Frame frame) {
    frame.write(text);
    return Flow.NEXT;
  }

  private Statement print() {
    Expression value = expressions.tuple(true, "");
    tokens.expect(Kind.PRINT_END);
    return frame -> write(Printer.str(value.value(frame), frame.budget()), frame);
  }

  private Statement printBlock() {
    List<Expression> values = new ArrayList<>();
    do {
      values.add(expressions.expression());
    } while (tokens.skip(","));
    return frame -> {
      for (Expression value : values) {
        write(Printer.str(value.value(frame), frame.budget()), frame);
      }
      return Flow.NEXT;
    };
  }

  private Statement block(String name) {
    return switch (name) {
      case "if" -> condition();
      case "for" -> loop();
      case "set" -> assignment();
      case "macro" -> macro();
      case "call" -> callBlock();
      case "filter" -> filterBlock();
      case "with" -> with();
      case "generation" -> generation();
      case "block" -> namedBlock();
      case "print" -> printBlock();
      case "break", "continue" -> {
        if (loops == 0) {
          throw TemplateException.syntax(
              tokens.current().line(), "there is no loop for '" + name + "'");
        }
        Flow flow = name.equals("break") ? Flow.BREAK : Flow.CONTINUE;
        yield frame -> flow;
      }
      default ->
          throw TemplateException.syntax(
              tokens.current().line(), "there is no block '" + name + "'");
    };
  }

  /** The statements inside a block, behind its own end. */
  private List<Statement> inside() {
    tokens.skip(":");
    tokens.expect(Kind.BLOCK_END);
    return statements();
  }

  private void end(String name) {
    if (!tokens.skipName("end" + name)) {
      throw tokens.unexpected("'end" + name + "'");
    }
  }

  private record Branch(Expression test, List<Statement> body) {}

  private Statement condition() {
    List<Branch> branches = new ArrayList<>();
    do {
      Expression test = expressions.tuple(false, "");
      branches.add(new Branch(test, inside()));
    } while (tokens.skipName("elif"));
    if (tokens.skipName("else")) {
      branches.add(new Branch(frame -> true, inside()));
    }
    end("if");
    return frame -> {
      for (Branch branch : branches) {
        if (Python.truth(branch.test().value(frame))) {
          return run(branch.body(), frame);
        }
      }
      return Flow.NEXT;
    };
  }

  /** Puts a value, or the parts of one, under names. */
  @FunctionalInterface
  private interface Target {
    void set(Frame frame, Object value);
  }

  private Target target(boolean namespaces) {
    List<Target> parts = new ArrayList<>();
    boolean several = false;
    do {
      if (!parts.isEmpty() && tokens.current().kind() != Kind.NAME && !tokens.at("(")) {
        break;
      }
      parts.add(oneTarget(namespaces));
      several |= tokens.at(",");
    } while (tokens.skip(","));
    return several ? (frame, value) -> unpack(parts, frame, value) : parts.get(0);
  }

  private Target oneTarget(boolean namespaces) {
    if (tokens.skip("(")) {
      Target inside = target(namespaces);
      tokens.expect(")");
      return inside;
    }
    String name = tokens.name();
    if (Set.of("true", "false", "none", "True", "False", "None").contains(name)) {
      throw TemplateException.syntax(tokens.current().line(), "'" + name + "' cannot be set");
    }
    if (!namespaces || !tokens.skip(".")) {
      return (frame, value) -> frame.set(name, value);
    }
    String attribute = tokens.name();
    return (frame, value) -> {
      if (frame.get(name) instanceof Namespace namespace) {
        namespace.set(attribute, value);
      } else {
        throw TemplateException.value("'%s' is no namespace, so its parts cannot be set", name);
      }
    };
  }

  private static void unpack(List<Target> parts, Frame frame, Object value) {
    List<Object> values = Python.items(Python.defined(value), frame.budget());
    if (values.size() != parts.size()) {
      throw TemplateException.value("%d names are set from %d values", parts.size(), values.size());
    }
    for (int i = 0; i < parts.size(); i++) {
      parts.get(i).set(frame, values.get(i));
    }
  }

  private Statement assignment() {
    Target target = target(true);
    if (tokens.skip("=")) {
      Expression value = expressions.tuple(true, "");
      return frame -> {
        target.set(frame, value.value(frame));
        return Flow.NEXT;
      };
    }
    Expression filtered = frame -> frame.get("");
    while (tokens.skip("|")) {
      filtered = expressions.filter(filtered);
    }
    Expression value = filtered;
    List<Statement> body = inside();
    end("set");
    return frame -> {
      target.set(frame, value.value(captured(body, frame)));
      return Flow.NEXT;
    };
  }

  /** A frame in which the body's text stands under the empty name. */
  private static Frame captured(List<Statement> body, Frame frame) {
    Frame apart = frame.apart();
    run(body, apart);
    Frame with = frame.inner();
    with.set("", apart.out.toString());
    return with;
  }

  private Statement loop() {
    Target target = target(false);
    if (!tokens.skipName("in")) {
      throw tokens.unexpected("'in'");
    }
    Expression items = expressions.tuple(false, "recursive");
    Expression test = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    loops++;
    List<Statement> body = inside();
    loops--;
    List<Statement> otherwise = tokens.skipName("else") ? inside() : List.of();
    end("for");
    ForBlock block = new ForBlock(target::set, test, recursive, body, otherwise);
    return frame -> block.run(items.value(frame), frame, 0);
  }

  private Macro.Signature signature(String name) {
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    tokens.expect("(");
    while (!tokens.skip(")")) {
      if (!parameters.isEmpty()) {
        tokens.expect(",");
      }
      parameters.add(tokens.name());
      if (tokens.skip("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw tokens.unexpected("a default");
      }
    }
    return new Macro.Signature(name, parameters, defaults);
  }

  private Statement macro() {
    String name = tokens.name();
    Set<String> read = new HashSet<>();
    macros.push(read);
    Macro.Signature signature = signature(name);
    List<Statement> body = bodyOfItsOwn();
    macros.pop();
    end("macro");
    return frame -> {
      frame.set(name, new Macro(signature, body, frame, read));
      return Flow.NEXT;
    };
  }

  /** A body that no loop around it can be left from. */
  private List<Statement> bodyOfItsOwn() {
    int around = loops;
    loops = 0;
    List<Statement> body = inside();
    loops = around;
    return body;
  }

  private Statement callBlock() {
    Macro.Signature signature =
        tokens.at("(") ? signature("caller") : new Macro.Signature("caller", List.of(), List.of());
    Expression function = expressions.callee();
    ExpressionParser.Call arguments = expressions.arguments();
    Set<String> read = new HashSet<>();
    macros.push(read);
    List<Statement> body = bodyOfItsOwn();
    macros.pop();
    end("call");
    return frame -> {
      Arguments passed = arguments.value(frame);
      Map<String, Object> named = new LinkedHashMap<>(passed.names());
      named.put("caller", new Macro(signature, body, frame, read));
      Object text =
          ExpressionParser.called(
              function.value(frame), frame, new Arguments(passed.places(), named));
      return write(Printer.str(text, frame.budget()), frame);
    };
  }

  private Statement filterBlock() {
    Expression filtered = expressions.filter(frame -> frame.get(""));
    while (tokens.skip("|")) {
      filtered = expressions.filter(filtered);
    }
    Expression value = filtered;
    List<Statement> body = bodyOfItsOwn();
    end("filter");
    return frame -> write(Printer.str(value.value(captured(body, frame)), frame.budget()), frame);
  }

  private Statement with() {
    List<String> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (tokens.current().kind() != Kind.BLOCK_END) {
      if (!targets.isEmpty()) {
        tokens.expect(",");
      }
      targets.add(tokens.name());
      tokens.expect("=");
      values.add(expressions.expression());
    }
    List<Statement> body = inside();
    end("with");
    return frame -> {
      Frame inner = frame.inner();
      for (int i = 0; i < targets.size(); i++) {
        inner.set(targets.get(i), values.get(i).value(frame));
      }
      return run(body, inner);
    };
  }

  private Statement generation() {
    List<Statement> body = bodyOfItsOwn();
    end("generation");
    return frame -> {
      int start = frame.out.length();
      run(body, frame.inner());
      if (frame.isOuter()) {
        frame.rendering.generated.add(new Span(start, frame.out.length()));
      }
      return Flow.NEXT;
    };
  }

  private Statement namedBlock() {
    String name = tokens.name();
    tokens.skipName("scoped");
    tokens.skipName("required");
    List<Statement> body = bodyOfItsOwn();
    end("block");
    tokens.skipName(name);
    return frame -> run(body, frame.inner());
  }
}
