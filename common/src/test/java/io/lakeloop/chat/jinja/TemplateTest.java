package io.lakeloop.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.chat.jinja.TemplateException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What jinja2 prints in transformers' sandbox; submit-scripts/dev/chat-parity.py made the fixture.
 * Templates come with models from anywhere, so they are stopped in bounds.
 */
class TemplateTest {
  private static final LocalDate DAY = LocalDate.of(2024, 7, 26);
  private static final Path CONSTRUCTS = Path.of("src/test/resources/chat/constructs.json");

  private static Stream<Arguments> constructs() throws IOException {
    JsonNode fixture = new ObjectMapper().readTree(CONSTRUCTS.toFile());
    Object data = value(fixture.path("data"));
    return StreamSupport.stream(fixture.path("cases").spliterator(), false)
        .map(construct -> Arguments.of(construct.path("jinja").asText(), construct, data));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("constructs")
  @SuppressWarnings("unchecked")
  void constructsPrintWhatJinja2Prints(String jinja, JsonNode expected, Object data) {
    Map<String, Object> variables = (Map<String, Object>) data;
    if (expected.has("text")) {
      assertThat(Template.parse(jinja).render(variables, DAY).text())
          .isEqualTo(expected.path("text").asText());
    } else {
      assertThatThrownBy(() -> Template.parse(jinja).render(variables, DAY))
          .isInstanceOf(TemplateException.class);
    }
  }

  private static Object value(JsonNode node) {
    if (node.isArray()) {
      List<Object> items = new ArrayList<>();
      node.forEach(item -> items.add(value(item)));
      return items;
    } else if (node.isObject()) {
      Map<String, Object> entries = new LinkedHashMap<>();
      node.properties().forEach(entry -> entries.put(entry.getKey(), value(entry.getValue())));
      return entries;
    } else if (node.isIntegralNumber()) {
      return node.longValue();
    } else if (node.isNumber()) {
      return node.doubleValue();
    }
    return node.isNull() ? null : node.isBoolean() ? (Object) node.booleanValue() : node.asText();
  }

  private static TemplateException failure(String jinja) {
    return Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () ->
            catchThrowableOfType(
                TemplateException.class,
                () -> Template.parse(jinja).render(Map.of("messages", List.of()), DAY)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // For ever, as far as a loop over ranges can.
        "{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}"
            + "{% endfor %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
        // Room that doubles.
        "{% set ns = namespace(t='x') %}{% for i in range(99) %}{% set ns.t = ns.t + ns.t %}"
            + "{% endfor %}",
        "{% set ns = namespace(t=[1]) %}{% for i in range(99) %}{% set ns.t = ns.t + ns.t %}"
            + "{% endfor %}",
        "{% set ns = namespace(t=[1]) %}{% for i in range(99) %}{% set ns.t = [ns.t, ns.t] %}"
            + "{% endfor %}{{ ns.t }}",
        "{% set ns = namespace(t=[1]) %}{% for i in range(60) %}{% set ns.t = [ns.t, ns.t] %}"
            + "{% endfor %}{{ ns.t|tojson }}",
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(60) %}{% set ns.t = [ns.t, ns.t] %}"
            + "{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.t == ns.s }}",
        "{{ 'x' * 999999999999 }}",
        "{{ [1] * 999999999 }}",
        "{{ ('x' * 9999)|replace('', 'y' * 99999) }}",
        "{{ ('x' * 99999)|list|join('y' * 99999) }}",
        "{{ ('x\n' * 99999)|indent(99999) }}",
        "{{ 'x'.ljust(99999999999) }}",
        "{{ 'x'|indent(2000000000) }}",
        "{{ ('%(a)9999s' * 1000000) % {'a': ''} }}",
        "{{ 'x'|center(999999999) }}",
        "{{ range(10 ** 9) }}",
        "{{ range(0, 10 ** 9)|list }}",
        "{{ [1, 2]|batch(999999999, 0)|list }}",
        // Long texts that are only looked at.
        "{% set t = 'x' * 9999999 %}{% set f = t.find %}{% for i in range(99999) %}{% if f('y') > 0 or"
            + " t.upper or t|length == 1 or t[9] == 'y' or t is upper or t == t ~ '' %}{% endif %}"
            + "{% endfor %}",
        // Depth.
        "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}"
      })
  void whatNeverEndsIsStopped(String jinja) {
    TemplateException failure = failure(jinja);
    assertThat(failure.kind()).isEqualTo(Kind.LIMIT);
    assertThat(failure.getMessage()).doesNotContain("\n").contains("(line 1)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 'a'.startswith(none) }}",
        "{{ '%f' % 1e400 }}",
        "{{ 1e400|round }}",
        "{{ 'abc'|truncate(10, false, '', -9) }}",
        "{% for i in [1] %}{{ loop.cycle() }}{% endfor %}"
      })
  void argumentsThatCannotBeTakenAreToldOf(String jinja) {
    TemplateException failure = failure(jinja);
    assertThat(failure.kind()).isEqualTo(Kind.VALUE);
    assertThat(failure.getMessage()).contains("(line 1)");
  }

  @Test
  void noneIsFormattedAsPythonDoes() {
    assertThat(Template.parse("{{ '%s' % none }}").render(Map.of(), DAY).text()).isEqualTo("None");
  }

  @Test
  void deepOrLongTemplatesAreStopped() {
    for (String jinja :
        List.of(
            "{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + " }}",
            "{{ " + "not ".repeat(100_000) + "1 }}",
            "{{ 1" + "|abs".repeat(100_000) + " }}",
            "{{ a" + ".b".repeat(100_000) + " }}",
            "{{ 1" + " + 1".repeat(100_000) + " }}",
            "{{ " + "[".repeat(100_000) + "]".repeat(100_000) + " }}",
            "{% if 1 %}".repeat(50_000),
            "x".repeat(Template.LONGEST + 1))) {
      assertThat(failure(jinja).kind()).isEqualTo(Kind.LIMIT);
    }
  }

  @Test
  void longListsAndTextsAreNoDepth() {
    String numbers = "1, ".repeat(20_000);
    assertThat(Template.parse("{{ [" + numbers + "]|length }}").render(Map.of(), DAY).text())
        .isEqualTo("20000");
    assertThat(
            Template.parse("{{ '" + "\\n".repeat(20_000) + "'|length }}")
                .render(Map.of(), DAY)
                .text())
        .isEqualTo("20000");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.class }}|{{ messages.class.name }}",
        "{{ messages.getClass() }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ raise_exception.__code__.co_filename }}",
        "{{ range.__self__.x }}",
        "{{ messages.append(1) }}",
        "{{ ''.getBytes() }}",
        "{{ {}.entrySet() }}",
        "{{ loop.items.x }}",
        "{% for i in [1] %}{{ loop.items() }}{% endfor %}",
        "{% macro m() %}{% endmacro %}{{ m.frame.rendering }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ messages|attr('getClass')() }}",
        "{{ [1]|map(attribute='class.name')|list }}"
      })
  void nothingButDataIsReached(String jinja) {
    assertThat(failure(jinja).kind()).isEqualTo(Kind.VALUE);
  }

  @Test
  void aRefusalIsTheTemplatesOwnWord() {
    TemplateException failure = failure("\n\n{{ raise_exception('Not ' ~ 'so.') }}");
    assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
    assertThat(failure).hasMessage("Not so.");
    assertThat(failure("a\n{{ messages.x.y }}")).hasMessageEndingWith("(line 2)");
    assertThat(failure("a\n\n{% if %}")).hasMessageEndingWith("(line 3)");
  }

  @Test
  void aHundredThousandMessagesRenderInTime() {
    List<Object> messages = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      messages.add(Map.of("role", i % 2 == 0 ? "user" : "assistant", "content", "message " + i));
    }
    String jinja =
        "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
            + "{{ raise_exception('no') }}{% endif %}{{ '<|im_start|>' + message.role + '\\n' +"
            + " message.content | trim + '<|im_end|>\\n' }}{% endfor %}";
    String text =
        Assertions.assertTimeout(
            Duration.ofSeconds(30),
            () -> Template.parse(jinja).render(Map.of("messages", messages), DAY).text());
    assertThat(text).endsWith("<|im_start|>assistant\nmessage 99999<|im_end|>\n");
  }

  @Test
  void generationBlocksAreFound() {
    Rendered rendered =
        Template.parse("ab{% generation %}cd{{ 'e' }}{% endgeneration %}f").render(Map.of(), DAY);
    assertThat(rendered).isEqualTo(new Rendered("abcdef", List.of(new Span(2, 5))));
  }

  @Test
  void theDayIsTheOneThatIsGiven() {
    Template template = Template.parse("{{ strftime_now('%d %b %Y, %A') }}");
    assertThat(template.render(Map.of(), LocalDate.of(2025, 1, 5)).text())
        .isEqualTo("05 Jan 2025, Sunday");
  }
}
