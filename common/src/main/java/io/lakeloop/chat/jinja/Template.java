package io.lakeloop.chat.jinja;

import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A chat template in Jinja, rendered as Hugging Face transformers does: its settings (trim_blocks,
 * lstrip_blocks, loop controls, the {@code generation} block, its own {@code tojson}), Python's
 * printing and truth, and its sandbox, in which data cannot be changed and nothing but data is
 * reached. See <a href="https://jinja.palletsprojects.com/en/stable/templates/">the language</a>
 * and <a href="https://huggingface.co/docs/transformers/chat_templating_writing">its use</a>.
 *
 * <p>What is not there: {@code include}, {@code import}, {@code extends}, autoescape, and filters
 * that make HTML, or anything at random. Threads may share a template.
 */
public final class Template {
  /** The longest in use has some 20,000. */
  static final int LONGEST = 1 << 20;

  private final List<Statement> body;
  private final Set<String> names;

  private Template(List<Statement> body, Set<String> names) {
    this.body = body;
    this.names = names;
  }

  /**
   * Reads a template.
   *
   * @throws TemplateException SYNTAX or LIMIT, with the line
   */
  public static Template parse(String text) {
    if (text.length() > LONGEST) {
      throw TemplateException.limit(
          "it has %,d characters; up to %,d are read", text.length(), LONGEST);
    }
    try {
      StatementParser parser = new StatementParser(new Lexer(text).tokens());
      return new Template(parser.template(), parser.names());
    } catch (StackOverflowError e) {
      throw TemplateException.limit("it nests too deeply");
    }
  }

  /** Whether the template mentions a name, so that what it stands for may be read. */
  public boolean mentions(String name) {
    return names.contains(name);
  }

  /**
   * Renders the template.
   *
   * @param variables values made of null, Boolean, Long, Double, String, List and Map
   * @param today the day that {@code strftime_now} tells, at midnight
   * @throws TemplateException VALUE, REFUSED or LIMIT
   */
  public Rendered render(Map<String, Object> variables, LocalDate today) {
    Frame.Rendering rendering = new Frame.Rendering(today);
    try {
      StatementParser.run(body, Frame.root(rendering, variables));
    } catch (TemplateException e) {
      throw e.at(rendering.line);
    } catch (ArithmeticException e) {
      throw TemplateException.value("a number is too large").at(rendering.line);
    } catch (StackOverflowError e) {
      throw TemplateException.limit("it nests too deeply").at(rendering.line);
    } catch (OutOfMemoryError e) {
      throw TemplateException.limit("it takes more memory than there is").at(rendering.line);
    } catch (RuntimeException e) {
      // Arguments that Python refuses each in words of its own.
      throw TemplateException.value("an expression has arguments that it cannot take")
          .at(rendering.line);
    }
    return new Rendered(rendering.whole.toString(), List.copyOf(rendering.generated));
  }
}
