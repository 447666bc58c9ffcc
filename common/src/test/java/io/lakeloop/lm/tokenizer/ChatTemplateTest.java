package io.lakeloop.lm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.chat.ToolCall;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Templates in the manner of 39 families say what transformers' apply_chat_template says;
 * submit-scripts/dev/chat-parity.py made the fixture.
 */
class ChatTemplateTest {
  private static final Path FIXTURES = Path.of("src/test/resources/chat");
  private static final List<String> SPECIAL =
      List.of(
          "<s>", "</s>", "<unk>", "<pad>", "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|end|>");

  private static JsonNode fixture() throws IOException {
    return new ObjectMapper().readTree(FIXTURES.resolve("expected.json").toFile());
  }

  private static Stream<String> families() throws IOException {
    return StreamSupport.stream(fixture().path("cases").spliterator(), false)
        .map(rendering -> rendering.path("template").asText())
        .distinct();
  }

  @ParameterizedTest
  @MethodSource("families")
  void aFamilysTextIsTransformersOwn(String family) throws IOException {
    JsonNode fixture = fixture();
    ChatTemplate template = family(family, fixture);
    for (JsonNode rendering : fixture.path("cases")) {
      if (rendering.path("template").asText().equals(family)) {
        String chat = rendering.path("chat").asText();
        Conversation conversation = conversation(fixture.path("chats").path(chat));
        boolean ask = rendering.path("ask").asBoolean();
        if (rendering.has("text")) {
          assertThat(text(template, conversation, ask))
              .as("%s, %s", chat, ask)
              .isEqualTo(rendering.path("text").asText());
        } else {
          assertThatThrownBy(() -> template.render(conversation, ask, conversation))
              .as("%s, %s", chat, ask)
              .isInstanceOf(UserError.class);
        }
      }
    }
  }

  private static ChatTemplate family(String name, JsonNode fixture) throws IOException {
    Map<String, String> tokens = new LinkedHashMap<>();
    fixture.path("tokens").properties().forEach(e -> tokens.put(e.getKey(), e.getValue().asText()));
    String jinja = Files.readString(FIXTURES.resolve("templates/" + name + ".jinja"));
    return template(jinja, "", tokens);
  }

  private static ChatTemplate template(String jinja, String tools, Map<String, String> tokens) {
    return new ChatTemplate(
        new TemplateFiles(jinja, tools),
        tokens,
        new Marks(SPECIAL),
        ChatTemplate.FIXED_DAY,
        Path.of("model"));
  }

  private static String text(ChatTemplate template, Conversation conversation, boolean ask) {
    ChatTemplate.Text text = template.render(conversation, ask, conversation);
    return text.marked().replace(String.valueOf(text.mark()), "");
  }

  private static Conversation conversation(JsonNode chat) {
    List<Message> messages = new ArrayList<>();
    if (chat.has("tools")) {
      messages.add(Message.of(Role.TOOLS, chat.path("tools").toString()));
    }
    for (JsonNode document : chat.path("documents")) {
      String title = document.path("title").asText();
      String text = document.path("text").asText();
      messages.add(new Message(Role.DOCUMENT, text, title, List.of(), null, 1));
    }
    for (JsonNode message : chat.path("messages")) {
      List<ToolCall> calls = new ArrayList<>();
      for (JsonNode call : message.path("tool_calls")) {
        JsonNode function = call.path("function");
        calls.add(
            new ToolCall(
                call.path("id").asText(),
                function.path("name").asText(),
                function.path("arguments").toString()));
      }
      messages.add(
          new Message(
              Role.of(message.path("role").asText()),
              message.path("content").asText(),
              message.path("name").textValue(),
              calls,
              message.path("tool_call_id").textValue(),
              1));
    }
    return new Conversation(messages);
  }

  private static Message said(Role role, String text) {
    return Message.of(role, text);
  }

  @Test
  void theTemplatesOwnWordsSayWhatItRefuses() throws IOException {
    Conversation system =
        new Conversation(List.of(said(Role.SYSTEM, "Be brief."), said(Role.USER, "Hi")));
    assertThatThrownBy(() -> family("gemma", fixture()).render(system, true, system))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "Cannot put a conversation to the model in model: its chat template refuses it with"
                + " 'System role not supported'. Leave out what it does not take, or use a model"
                + " whose template takes it.");
  }

  @Test
  void aTemplateThatNeverEndsIsNamedInOneLine() {
    ChatTemplate template =
        template(
            "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            "", new TreeMap<>());
    Conversation hi = Conversation.of("hi");
    assertThatThrownBy(() -> template.render(hi, true, hi))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "Cannot use the chat template of model: it was stopped after 50,000,000 steps (line 1)."
                + " Shorten the conversation, or mend the template.");
  }

  @Test
  void toolsAndDocumentsAreNotLostWhereNoTemplateReadsThem() throws IOException {
    Conversation whole =
        new Conversation(
            List.of(
                said(Role.TOOLS, "[{\"name\": \"find\"}]"),
                new Message(Role.DOCUMENT, "14 days", "Returns", List.of(), null, 1),
                said(Role.USER, "May I?")));
    assertThat(text(family("chatml", fixture()), whole, true))
        .isEqualTo(
            "<|im_start|>system\nTools: [{\"name\": \"find\"}]<|im_end|>\n"
                + "<|im_start|>user\nDocument: Returns\n14 days\n\nMay I?<|im_end|>\n"
                + "<|im_start|>assistant\n");
  }

  @Test
  void toolsTakeTheTemplateForTools() {
    ChatTemplate template = template("{{ 'plain' }}", "{{ tools|tojson }}", new TreeMap<>());
    Conversation without = Conversation.of("hi");
    Conversation with = new Conversation(List.of(said(Role.TOOLS, "[1]"), said(Role.USER, "hi")));
    assertThat(text(template, without, true)).isEqualTo("plain");
    assertThat(text(template, with, true)).isEqualTo("[1]");
  }

  @Test
  void templatesAreFoundWhereTransformersFindsThem(@org.junit.jupiter.api.io.TempDir Path folder)
      throws IOException {
    ObjectMapper json = new ObjectMapper();
    JsonNode one = json.readTree("{\"chat_template\": \"one\"}");
    JsonNode named =
        json.readTree(
            "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"t\"},"
                + " {\"name\": \"default\", \"template\": \"d\"}]}");
    assertThat(TemplateFiles.in(folder, json.createObjectNode()))
        .isEqualTo(new TemplateFiles("", ""));
    assertThat(TemplateFiles.in(folder, one)).isEqualTo(new TemplateFiles("one", ""));
    assertThat(TemplateFiles.in(folder, named)).isEqualTo(new TemplateFiles("d", "t"));
    Files.writeString(folder.resolve("chat_template.json"), "{\"chat_template\": \"two\"}");
    assertThat(TemplateFiles.in(folder, one)).isEqualTo(new TemplateFiles("two", ""));
    Files.createDirectory(folder.resolve("additional_chat_templates"));
    Files.writeString(folder.resolve("chat_template.jinja"), "three");
    Files.writeString(folder.resolve("additional_chat_templates/tool_use.jinja"), "four");
    assertThat(TemplateFiles.in(folder, one)).isEqualTo(new TemplateFiles("three", "four"));
  }

  /** What models trained here before were trained on must not move by a letter. */
  @Test
  void ourOwnFormOfAPromptAndItsAnswerIsWhatItWas() {
    String old =
        "{% for message in messages %}{% if message['role'] == 'user' %}<|user|>{{"
            + " message['content'] }}{% else %}<|assistant|>{{ message['content'] }}<|end|>{% endif"
            + " %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";
    for (String prompt : List.of("hi", "", "  a\n\n", "{{ x }} {% y %}")) {
      Conversation before = Conversation.of(prompt);
      Conversation whole = before.with(said(Role.ASSISTANT, " yes\n"));
      for (String jinja : List.of(old, ChatTemplate.TURNS_JINJA)) {
        ChatTemplate template = template(jinja, "", new TreeMap<>());
        assertThat(text(template, before, true)).isEqualTo("<|user|>" + prompt + "<|assistant|>");
        assertThat(text(template, whole, false))
            .isEqualTo("<|user|>" + prompt + "<|assistant|> yes\n<|end|>");
      }
    }
  }

  @Test
  void ourOwnFormCarriesSystemMessagesToolsAndTurns() {
    ChatTemplate template = template(ChatTemplate.TURNS_JINJA, "", new TreeMap<>());
    Conversation whole =
        new Conversation(
            List.of(
                said(Role.SYSTEM, "Be brief."),
                said(Role.TOOLS, "[{\"name\":\"find\"}]"),
                said(Role.USER, "Where?"),
                new Message(
                    Role.ASSISTANT,
                    "",
                    null,
                    List.of(new ToolCall("1", "find", "{\"n\":7}")),
                    null,
                    1),
                new Message(Role.TOOL, "depot", "find", List.of(), "1", 1),
                said(Role.ASSISTANT, "In the depot."),
                said(Role.USER, "Thanks")));
    assertThat(text(template, whole, true))
        .isEqualTo(
            "<|user|>Tools: [{\"name\": \"find\"}]\n\nBe brief.\n\nWhere?"
                + "<|assistant|>\nCall: find {\"n\": 7}<|end|>"
                + "<|user|>Result: depot\n\n<|assistant|>In the depot.<|end|>"
                + "<|user|>Thanks<|assistant|>");
  }
}
