package io.lakeloop.lm.tokenizer;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.chat.jinja.Rendered;
import io.lakeloop.chat.jinja.Template;
import io.lakeloop.chat.jinja.TemplateException;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How conversations are put to a model: the checkpoint's own template, rendered as transformers
 * does. A base model, which has none, reads a lone prompt as it stands, and a longer conversation
 * with a line before each message that says whose it is.
 */
final class ChatTemplate {
  /** What Llama 3's own templates fall back to. */
  static final LocalDate FIXED_DAY = LocalDate.of(2024, 7, 26);

  private static final int LONGEST_WORDS = 300;

  /**
   * The form of models trained here from scratch. What their vocabulary has no token for, system
   * messages, tools and what they gave, stands as text at the head of the user's next turn.
   */
  static final String TURNS_JINJA =
      """
      {%- set ns = namespace(before='Tools: ' + (tools | tojson) + '\\n\\n' if tools else '') -%}
      {%- for message in messages -%}
      {%- if message['role'] == 'user' -%}
      <|user|>{{ ns.before + message['content'] }}{% set ns.before = '' -%}
      {%- elif message['role'] == 'assistant' -%}
      {%- if ns.before -%}<|user|>{{ ns.before }}{% set ns.before = '' %}{%- endif -%}
      <|assistant|>{{ message['content'] }}
      {%- for call in message['tool_calls'] or [] -%}
      {{- '\\nCall: ' + call['function']['name'] + ' ' + (call['function']['arguments'] | tojson) -}}
      {%- endfor -%}<|end|>
      {%- elif message['role'] == 'tool' -%}
      {%- set ns.before = ns.before + 'Result: ' + message['content'] + '\\n\\n' -%}
      {%- else -%}
      {%- set ns.before = ns.before + message['content'] + '\\n\\n' -%}
      {%- endif -%}
      {%- endfor -%}
      {%- if ns.before -%}<|user|>{{ ns.before }}{%- endif -%}
      {%- if add_generation_prompt -%}<|assistant|>{%- endif -%}
      """;

  private static final String PLAIN_JINJA =
      """
      {%- for message in messages -%}
      {%- if labelled -%}{{ message.role | capitalize }}:{{ '\\n' }}{%- endif -%}
      {{- message.content -}}
      {%- for call in message.tool_calls or [] -%}
      {{- '\\nCall: ' + call.function.name + ' ' + (call.function.arguments | tojson) -}}
      {%- endfor -%}
      {%- if labelled -%}
      {%- if message.role == 'assistant' -%}{{ eos_token }}{%- endif -%}{{- '\\n\\n' -}}
      {%- endif -%}
      {%- endfor -%}
      {%- if labelled and add_generation_prompt -%}Assistant:{{ '\\n' }}{%- endif -%}
      """;

  /** A conversation's text, and the mark in it behind what people wrote that reads as special. */
  record Text(Rendered rendered, char mark) {
    String marked() {
      return rendered.text();
    }
  }

  private final Template main;
  private final Template withTools;
  private final boolean plain;
  private final Map<String, String> tokens;
  private final Marks marks;
  private final LocalDate today;
  private final Path folder;

  /**
   * @param tokens special tokens by the names that templates know them by
   */
  ChatTemplate(
      TemplateFiles files, Map<String, String> tokens, Marks marks, LocalDate today, Path folder) {
    this.tokens = tokens;
    this.marks = marks;
    this.today = today;
    this.folder = folder;
    this.plain = files.main().isBlank();
    this.main = parse(plain ? PLAIN_JINJA : files.main());
    this.withTools = files.withTools().isBlank() ? main : parse(files.withTools());
  }

  private Template parse(String jinja) {
    try {
      return Template.parse(jinja);
    } catch (TemplateException e) {
      throw unusable(e);
    }
  }

  /** Whether the model has no template, so that text stands as it is. */
  boolean isPlain() {
    return plain;
  }

  /**
   * Renders a conversation.
   *
   * @param ask true to open the assistant's answer
   * @param whole what it is a part of, so that parts are rendered alike
   * @throws UserError CONFIG_INVALID if the template refuses it, cannot be rendered, or is stopped
   */
  Text render(Conversation part, boolean ask, Conversation whole) {
    try {
      return rendered(part, ask, whole);
    } catch (TemplateException e) {
      throw e.kind() == TemplateException.Kind.REFUSED ? refused(e) : unusable(e);
    }
  }

  /** The same, or empty where the template refuses the part. */
  Optional<Text> tryRender(Conversation part, boolean ask, Conversation whole) {
    try {
      return Optional.of(rendered(part, ask, whole));
    } catch (TemplateException e) {
      if (e.kind() == TemplateException.Kind.LIMIT) {
        throw unusable(e);
      }
      return Optional.empty();
    }
  }

  private Text rendered(Conversation part, boolean ask, Conversation whole) {
    ConversationData data = new ConversationData(part);
    Template template = data.offersTools() ? withTools : main;
    Map<String, Object> variables = data.variables(template);
    char mark = mark(whole);
    if (mark != Marks.NONE) {
      variables.replaceAll(
          (name, value) -> ConversationData.changed(value, text -> marks.marked(text, mark)));
    }
    variables.putAll(tokens);
    variables.put("add_generation_prompt", ask);
    variables.put("labelled", isLabelled(whole));
    Rendered rendered = template.render(variables, today);
    return mark == Marks.NONE
        ? new Text(rendered, mark)
        : new Text(new Rendered(Marks.restored(rendered.text(), mark), rendered.generated()), mark);
  }

  /** The mark for a conversation and its parts, if anything in it reads as special. */
  private char mark(Conversation whole) {
    List<String> texts = new ConversationData(whole).texts();
    return texts.stream().anyMatch(marks::areNeeded) ? Marks.free(texts) : Marks.NONE;
  }

  /** Whether this is a base model's prompt and answer, which are encoded each for itself. */
  boolean isLone(Conversation whole) {
    return plain && !isLabelled(whole);
  }

  /** The special token that the template writes behind an answer, or empty. */
  String turnEnd() {
    String answer = "lakeloop-probe";
    Conversation probe = Conversation.of("hello").with(Message.of(Role.ASSISTANT, answer));
    Optional<Text> text = tryRender(probe, false, probe);
    int at = text.map(some -> some.marked().lastIndexOf(answer)).orElse(-1);
    return at < 0 ? "" : marks.first(text.get().marked().substring(at + answer.length()).strip());
  }

  /** A prompt with or without its answer needs no words that say whose it is. */
  private static boolean isLabelled(Conversation whole) {
    List<Message> spoken =
        whole.messages().stream().filter(message -> message.role() != Role.DOCUMENT).toList();
    return !(spoken.size() == 1 && spoken.get(0).role() == Role.USER
        || spoken.size() == 2
            && spoken.get(0).role() == Role.USER
            && spoken.get(1).role() == Role.ASSISTANT);
  }

  private UserError refused(TemplateException e) {
    return new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot put a conversation to the model in %s: its chat template refuses it with %s. Leave"
            + " out what it does not take, or use a model whose template takes it.",
        folder,
        "'" + oneLine(e.getMessage()) + "'");
  }

  private UserError unusable(TemplateException e) {
    return new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot use the chat template of %s: %s. %s",
        folder,
        oneLine(e.getMessage()),
        e.kind() == TemplateException.Kind.LIMIT
            ? "Shorten the conversation, or mend the template."
            : "Mend the template, or remove it to have prompts taken as they stand.");
  }

  private static String oneLine(String words) {
    String line = words.replaceAll("[\\s\\p{C}]+", " ").strip();
    return line.length() <= LONGEST_WORDS ? line : line.substring(0, LONGEST_WORDS) + "...";
  }
}
