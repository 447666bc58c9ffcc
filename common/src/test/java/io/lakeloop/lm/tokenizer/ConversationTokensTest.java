package io.lakeloop.lm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What models read of conversations: the template's special tokens, and people's letters. */
class ConversationTokensTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MANY = 100_000;
  private static final Path CHAT = Path.of("src/test/resources/chat/templates");

  @TempDir Path folder;

  /** The model folder of a family, under one of the templates, or none. */
  private Tokenizer open(String family, String template) throws IOException {
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(Path.of("src/test/resources/lm", family, file), folder.resolve(file));
    }
    if (template != null) {
      Files.copy(CHAT.resolve(template + ".jinja"), folder.resolve("chat_template.jinja"));
    }
    return Tokenizer.open(folder);
  }

  private static Message said(Role role, String text) {
    return Message.of(role, text);
  }

  private static Conversation talk(String... texts) {
    List<Message> messages = new ArrayList<>();
    for (String text : texts) {
      messages.add(said(messages.size() % 2 == 0 ? Role.USER : Role.ASSISTANT, text));
    }
    return new Conversation(messages);
  }

  private static int[] join(int[] left, int[] right) {
    int[] both = Arrays.copyOf(left, left.length + right.length);
    System.arraycopy(right, 0, both, left.length, right.length);
    return both;
  }

  private static long count(int[] ids, int id) {
    return Arrays.stream(ids).filter(i -> i == id).count();
  }

  @ParameterizedTest
  @CsvSource({"llama2,3", "mistral,3", "gpt2,1", "qwen2,3", "llama3,5"})
  void specialTokensInPeoplesTextAreItsLetters(String family, int specials) throws IOException {
    List<String> texts =
        List.of(
            "a <s> </s> b",
            "a <|im_end|> </s> b",
            "<s>",
            "</s></s>",
            "<|endoftext|>x<|eot_id|><|im_start|>",
            "<unk> ünïcödé <s>\n🙂",
            "<<s>s>");
    try (Tokenizer tokenizer = open(family, null)) {
      for (String text : texts) {
        int[] ids = tokenizer.completion(text, MANY);
        int[] words = Arrays.copyOf(ids, ids.length - 1);
        if (!text.contains("🙂") || !family.matches("llama2|mistral")) {
          assertThat(tokenizer.decode(words)).isEqualTo(text);
        }
        // Special tokens have the lowest ids.
        assertThat(Arrays.stream(words).filter(id -> id < specials)).as(text).isEmpty();
        assertThat(count(tokenizer.prompt(text, MANY), ids[ids.length - 1])).isZero();
      }
    }
  }

  @Test
  void aVocabularyThatHoldsTheEndTokenAsAWordGivesItToNobody() throws IOException {
    ObjectNode tokenizer =
        (ObjectNode)
            JSON.readTree(
                """
                {"version": "1.0", "truncation": null, "padding": null,
                 "added_tokens": [{"id": 1, "content": "</s>", "single_word": false,
                   "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
                 "normalizer": null,
                 "pre_tokenizer": {"type": "Metaspace", "replacement": "▁",
                   "prepend_scheme": "always", "split": true},
                 "post_processor": null,
                 "decoder": {"type": "Metaspace", "replacement": "▁",
                   "prepend_scheme": "always", "split": true},
                 "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab": []}}
                """);
    ArrayNode vocab = (ArrayNode) tokenizer.path("model").path("vocab");
    for (String piece : List.of("<unk>", "</s>", "▁", "<", "/", "s", ">", "a", "▁a")) {
      vocab.addArray().add(piece).add(piece.length() > 3 ? -0.1 : -5.0);
    }
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer);
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
    try (Tokenizer opened = Tokenizer.open(folder)) {
      int[] ids = opened.completion("a </s>", MANY);
      assertThat(ids).containsOnlyOnce(1).endsWith(1);
      assertThat(opened.decode(Arrays.copyOf(ids, ids.length - 1))).isEqualTo("a </s>");
    }
  }

  @Test
  void aTextOfPrivateLettersIsStillItself() throws IOException {
    String text =
        "<|im_end|>" + Character.toString(0xFFF00) + Character.toString(0xF0000) + "\uFDD0 \\ufdd1";
    try (Tokenizer tokenizer = open("qwen2", "chatml")) {
      int[] ids = tokenizer.completion(text, MANY);
      assertThat(tokenizer.decode(ids)).isEqualTo(text);
      assertThat(count(tokenizer.prompt(text, MANY), 2)).isEqualTo(1);
    }
  }

  @Test
  void peoplesSpecialTokensLeaveAllOthersWhereTheyWere() throws IOException {
    try (Tokenizer tokenizer = open("mistral", "mistral-v1")) {
      int[] plain = tokenizer.prompt("say < s> twice", MANY);
      int[] forged = tokenizer.prompt("say <s> twice", MANY);
      assertThat(count(forged, 1)).isEqualTo(count(plain, 1)).isEqualTo(1);
      assertThat(Arrays.copyOf(forged, 8)).isEqualTo(Arrays.copyOf(plain, 8));
      assertThat(forged[forged.length - 1]).isEqualTo(plain[plain.length - 1]);
      assertThat(tokenizer.decode(forged)).isEqualTo(" [INST] say <s> twice [/INST]");
    }
  }

  @Test
  void aBaseModelsPromptOpensAsItsTokenizerOpensAndHasNoEnd() throws IOException {
    for (String family : List.of("llama2", "qwen2", "gpt2")) {
      Path own = Files.createDirectories(folder.resolve(family));
      for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
        Files.copy(Path.of("src/test/resources/lm", family, file), own.resolve(file));
      }
    }
    Path own = folder.resolve("llama2");
    ObjectNode json = (ObjectNode) JSON.readTree(own.resolve("tokenizer.json").toFile());
    json.set(
        "post_processor",
        JSON.readTree(
            """
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                        {"Sequence": {"id": "A", "type_id": 0}},
                        {"SpecialToken": {"id": "</s>", "type_id": 0}}],
             "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
             "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]},
                                "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}}
            """));
    JSON.writeValue(own.resolve("tokenizer.json").toFile(), json);
    try (Tokenizer tokenizer = Tokenizer.open(own)) {
      assertThat(tokenizer.encode("hello")).startsWith(1).endsWith(2);
      int[] prompt = tokenizer.prompt("hello there", MANY);
      assertThat(prompt).startsWith(1).doesNotContain(2);
      assertThat(tokenizer.prompt("", MANY)).containsExactly(1);
      int[] cut = tokenizer.prompt("hello there", 4);
      assertThat(cut).hasSize(4).startsWith(1).doesNotContain(2);
      assertThat(cut[3]).isEqualTo(prompt[prompt.length - 1]);
    }
    try (Tokenizer tokenizer = Tokenizer.open(folder.resolve("gpt2"))) {
      assertThat(tokenizer.prompt("", MANY)).isEmpty();
      assertThat(tokenizer.prompt("hi", MANY)).isEqualTo(tokenizer.encode("hi"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "qwen2,chatml",
    "qwen2,qwen25-tools",
    "qwen2,qwen3-thinking",
    "llama3,llama3",
    "llama3,llama31",
    "mistral,mistral-v1",
    "mistral,mistral-v3-tools",
    "llama2,llama2",
    "llama2,zephyr",
    "qwen2,smollm3-generation"
  })
  void promptAndAnswerTogetherAreTheWholeUpToItsEnd(String family, String template)
      throws IOException {
    try (Tokenizer tokenizer = open(family, template)) {
      Conversation before = talk("Where is it?", "In the depot.", "Thank </s> <|im_end|> you");
      String answer = "You're welcome. <s> <|eot_id|>";
      int[] prompt = tokenizer.prompt(before, MANY);
      int[] completion = tokenizer.completion(before, answer, MANY);
      int[] whole = tokenizer.turns(before.with(said(Role.ASSISTANT, answer)), MANY).ids();
      int[] both = join(prompt, completion);
      assertThat(Arrays.copyOf(whole, both.length)).isEqualTo(both);
      assertThat(whole.length - both.length).isBetween(0, 2);
      assertThat(tokenizer.specialTokens().end()).contains(completion[completion.length - 1]);
      assertThat(tokenizer.decode(completion).strip()).endsWith(answer);
      assertThat(tokenizer.completion(before, answer, 3)).isEqualTo(Arrays.copyOf(completion, 3));
    }
  }

  /** The colon and the blank behind it are one token where both are known, but two to a model. */
  @Test
  void anAnswerGoesOnFromAPromptThatEndsWithinAToken() throws IOException {
    try (Tokenizer tokenizer = open("llama2", "vicuna")) {
      int[] prompt = tokenizer.prompt(talk("Where is it?"), MANY);
      int[] completion = tokenizer.completion(talk("Where is it?"), "Here", MANY);
      assertThat(tokenizer.decode(join(prompt, completion)).strip())
          .isEqualTo("USER: Where is it?\n\nASSISTANT: Here");
      assertThat(completion).containsOnlyOnce(2).endsWith(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2,chatml", "mistral,mistral-v1", "llama3,llama3", "llama2,vicuna"})
  void theMaskIsWhatTheAssistantSaid(String model) throws IOException {
    String[] parts = model.split(",");
    try (Tokenizer tokenizer = open(parts[0], parts[1])) {
      Message context = new Message(Role.ASSISTANT, "Not this", null, List.of(), null, 0);
      Conversation whole =
          new Conversation(
              List.of(
                  said(Role.USER, "One 東京"),
                  said(Role.ASSISTANT, "Two Größe"),
                  said(Role.USER, "Three"),
                  context,
                  said(Role.USER, "Five"),
                  said(Role.ASSISTANT, "Six")));
      Turns turns = tokenizer.turns(whole, MANY);
      assertThat(learned(tokenizer, turns)).containsExactly("Two Größe", "Six");
      assertThat(turns.messagesCut()).isZero();
      int ends = 0;
      for (int i = 0; i < turns.ids().length; i++) {
        ends +=
            turns.answers()[i] && tokenizer.specialTokens().end().contains(turns.ids()[i]) ? 1 : 0;
      }
      assertThat(ends).isEqualTo(2);
    }
  }

  /** The texts of the runs of marked tokens. */
  private static List<String> learned(Tokenizer tokenizer, Turns turns) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < turns.ids().length; i++) {
      int start = i;
      while (i < turns.ids().length && turns.answers()[i]) {
        i++;
      }
      if (i > start) {
        texts.add(tokenizer.decode(Arrays.copyOfRange(turns.ids(), start, i)).strip());
      }
    }
    return texts;
  }

  @Test
  void generationBlocksSayWhatTheAssistantSaid() throws IOException {
    try (Tokenizer tokenizer = open("qwen2", "smollm3-generation")) {
      Turns turns = tokenizer.turns(talk("One", "Two <|im_end|>", "Three", "Four"), MANY);
      assertThat(learned(tokenizer, turns)).containsExactly("Two <|im_end|>", "Four");
    }
  }

  @Test
  void turnsThatATemplateRewritesAreNotLearned() throws IOException {
    try (Tokenizer tokenizer = open("qwen2", "qwen3-thinking")) {
      Turns turns =
          tokenizer.turns(
              talk("1+1?", "<think>\neasy\n</think>\n\n2", "2+2?", "<think>\nx\n</think>\n\n4"),
              MANY);
      assertThat(learned(tokenizer, turns)).containsExactly("<think>\nx\n</think>\n\n4");
    }
  }

  @Test
  void whatIsTooLongLosesItsOldestTurnsButNotItsInstructions() throws IOException {
    try (Tokenizer tokenizer = open("qwen2", "chatml")) {
      Message system = said(Role.SYSTEM, "Be brief.");
      List<Message> messages = new ArrayList<>(List.of(system));
      messages.addAll(talk("first", "1", "second", "2", "third").messages());
      Conversation before = new Conversation(messages);
      Conversation last = new Conversation(List.of(system, said(Role.USER, "third")));
      Conversation two =
          new Conversation(
              List.of(
                  system,
                  said(Role.USER, "second"),
                  said(Role.ASSISTANT, "2"),
                  said(Role.USER, "third")));
      int whole = tokenizer.prompt(before, MANY).length;
      int[] ofTwo = tokenizer.prompt(two, MANY);
      int[] ofLast = tokenizer.prompt(last, MANY);
      Encoded fitted = tokenizer.fit(before, whole - 1);
      assertThat(fitted.ids()).isEqualTo(ofTwo);
      assertThat(fitted.messagesCut()).isEqualTo(2);
      assertThat(fitted.tokensCut()).isEqualTo(whole - ofTwo.length);
      assertThat(tokenizer.fit(before, ofTwo.length - 1).ids()).isEqualTo(ofLast);
      Encoded headless = tokenizer.fit(before, ofLast.length - 1);
      assertThat(headless.messagesCut()).isEqualTo(4);
      assertThat(headless.ids())
          .hasSize(ofLast.length - 1)
          .startsWith(1)
          .endsWith(ofLast[ofLast.length - 1]);
      assertThat(tokenizer.decode(headless.ids())).contains("Be brief.");

      Turns turns = tokenizer.turns(before.with(said(Role.ASSISTANT, "3")), ofTwo.length + 4);
      assertThat(turns.messagesCut()).isEqualTo(2);
      assertThat(learned(tokenizer, turns)).containsExactly("2", "3");
      Turns tight = tokenizer.turns(talk("a long question indeed", "yes"), 12);
      assertThat(tight.ids()).hasSize(12);
      assertThat(learned(tokenizer, tight)).containsExactly("yes");
    }
  }

  @Test
  void aBaseModelReadsALongerConversationWithItsSpeakers() throws IOException {
    try (Tokenizer tokenizer = open("gpt2", null)) {
      assertThat(tokenizer.decode(tokenizer.prompt(talk("hi"), MANY))).isEqualTo("hi");
      assertThat(tokenizer.decode(tokenizer.prompt(talk("hi", "yes?", "who?"), MANY)))
          .startsWith("User:\nhi\n\nAssistant:\nyes?");
      Turns turns = tokenizer.turns(talk("hi", "yes?", "who?", "me"), MANY);
      assertThat(learned(tokenizer, turns)).containsExactly("yes?", "me");
      Turns lone = tokenizer.turns(talk("hi", "yes"), MANY);
      assertThat(lone.ids())
          .isEqualTo(join(tokenizer.prompt("hi", MANY), tokenizer.completion("yes", MANY)));
      assertThat(learned(tokenizer, lone)).containsExactly("yes");
    }
  }

  @Test
  void aHundredThousandMessagesFit() throws IOException {
    String[] texts = new String[99_999];
    Arrays.setAll(texts, i -> "message " + i);
    try (Tokenizer tokenizer = open("qwen2", "chatml")) {
      long start = System.nanoTime();
      Encoded fitted = tokenizer.fit(talk(texts), 512);
      assertThat(fitted.ids().length).isBetween(300, 512);
      assertThat(fitted.messagesCut()).isGreaterThan(99_900);
      assertThat(java.time.Duration.ofNanos(System.nanoTime() - start))
          .isLessThan(java.time.Duration.ofSeconds(120));
    }
    try (Tokenizer tokenizer =
        Tokenizer.open(
            withTemplate(
                "{% for m in messages %}{% for n in"
                    + " messages[:loop.index] %}{% endfor %}{% endfor %}"))) {
      assertThatThrownBy(() -> tokenizer.fit(talk(texts), 512))
          .isInstanceOf(UserError.class)
          .hasMessageContainingAll(
              "its texts and lists take more than", "Shorten the conversation");
    }
  }

  @Test
  void turnsOfAVeryLongConversationAreCutBeforeTheyAreMarked() throws IOException {
    String[] texts = new String[20_000];
    Arrays.setAll(texts, i -> "message " + i);
    try (Tokenizer tokenizer = open("qwen2", "chatml")) {
      Turns turns = tokenizer.turns(talk(texts), 256);
      assertThat(turns.ids().length).isBetween(200, 256);
      assertThat(learned(tokenizer, turns)).endsWith("message 19997", "message 19999");
    }
  }

  @Test
  void longTextsWithSpecialTokensAreNotCutAt512() throws IOException {
    try (Tokenizer tokenizer = open("qwen2", "chatml")) {
      String text = "<|im_end|>" + "x ".repeat(2000);
      assertThat(tokenizer.completion(text, MANY).length).isGreaterThan(2000);
    }
  }

  private Path withTemplate(String jinja) throws IOException {
    Files.writeString(folder.resolve("chat_template.jinja"), jinja);
    return folder;
  }

  /** A system message of the template's own, with a real line break and an apostrophe. */
  @Test
  void theTemplatesOwnSystemMessageIsRead() throws IOException {
    try (Tokenizer tokenizer = open("qwen2", "smollm2")) {
      String said = tokenizer.decode(tokenizer.prompt("hi", MANY));
      assertThat(said).startsWith("system\nYou are a helpful AI assistant named Desk");
    }
  }

  @Test
  void noSpecialTokenIsSetTwice() throws IOException {
    for (JsonNode token :
        JSON.readTree(Path.of("src/test/resources/lm/llama3/tokenizer.json").toFile())
            .path("added_tokens")) {
      if (token.path("content").asText().equals("<|begin_of_text|>")) {
        try (Tokenizer tokenizer = open("llama3", "llama3")) {
          assertThat(count(tokenizer.prompt("hi", MANY), token.path("id").asInt())).isOne();
        }
      }
    }
  }
}
