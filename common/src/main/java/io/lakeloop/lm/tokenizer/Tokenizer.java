package io.lakeloop.lm.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.chat.Conversation;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.ModelJson;
import io.lakeloop.lm.SpecialTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Text to token ids and back, in the chat form of the model whose folder it is opened from: {@code
 * tokenizer.json}, the special tokens and template of {@code tokenizer_config.json}, the end tokens
 * of {@code generation_config.json}.
 */
public final class Tokenizer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HuggingFaceTokenizer delegate;
  private final ChatTemplate template;
  private final List<String> special;
  private final SpecialTokens specialTokens;
  private final int end;

  private Tokenizer(HuggingFaceTokenizer delegate, Path folder) throws IOException {
    this.delegate = delegate;
    JsonNode config = json(folder.resolve("tokenizer_config.json"));
    JsonNode generation = json(folder.resolve("generation_config.json"));
    TreeMap<String, Integer> added = new TreeMap<>();
    this.special = new ArrayList<>();
    for (JsonNode token : json(folder.resolve("tokenizer.json")).path("added_tokens")) {
      added.put(token.path("content").asText(), token.path("id").asInt());
      if (token.path("special").asBoolean()) {
        special.add(token.path("content").asText());
      }
    }
    this.template = ChatTemplate.recognise(jinja(folder, config), folder.toString());
    SortedSet<Integer> ends = new TreeSet<>();
    String eos = content(config.path("eos_token"));
    List.of(template.end(), eos).stream()
        .filter(added::containsKey)
        .map(added::get)
        .forEach(ends::add);
    JsonNode eosIds =
        generation.path("eos_token_id").isMissingNode()
            ? json(folder.resolve("config.json")).path("eos_token_id")
            : generation.path("eos_token_id");
    (eosIds.isArray() ? eosIds : JSON.createArrayNode().add(eosIds))
        .forEach(
            id -> {
              if (id.isInt()) {
                ends.add(id.intValue());
              }
            });
    if (ends.isEmpty()) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use the tokenizer in %s: neither tokenizer_config.json (eos_token) nor"
              + " generation_config.json (eos_token_id) says what ends an answer. Add one.",
          folder);
    }
    this.end = added.getOrDefault(template.end(), added.getOrDefault(eos, ends.first()));
    Integer pad = added.get(content(config.path("pad_token")));
    this.specialTokens =
        new SpecialTokens(
            List.copyOf(ends), pad == null || ends.contains(pad) ? List.of() : List.of(pad));
  }

  /**
   * Opens the tokenizer of a model folder.
   *
   * @throws UserError INPUT_MISSING where there is no tokenizer.json; CONFIG_INVALID where its end
   *     token or chat template is not known
   */
  public static Tokenizer open(Path folder) throws IOException {
    Path tokenizerJson = folder.resolve("tokenizer.json");
    if (!Files.isRegularFile(tokenizerJson)) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot load the tokenizer in %s: it has no tokenizer.json. Save the model's fast"
              + " tokenizer there.",
          folder);
    }
    // The binding has no bounds of its own.
    ModelJson.read(tokenizerJson);
    HuggingFaceTokenizer delegate = delegate(tokenizerJson);
    try {
      return new Tokenizer(delegate, folder);
    } catch (IOException | RuntimeException e) {
      delegate.close();
      throw e;
    }
  }

  /**
   * Opens the tokenizer of a model folder.
   *
   * @param today the day that templates are told where they ask for it
   */
  public static Tokenizer open(Path folder, LocalDate today) throws IOException {
    return open(folder);
  }

  private static HuggingFaceTokenizer delegate(Path tokenizerJson) throws IOException {
    try {
      // Unless told otherwise the binding cuts at 512 tokens and pads.
      return HuggingFaceTokenizer.builder()
          .optTokenizerPath(tokenizerJson)
          .optTruncation(false)
          .optPadding(false)
          .build();
    } catch (RuntimeException e) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot read %s: it describes no tokenizer that is known: %s. Save the model's fast"
              + " tokenizer there.",
          tokenizerJson,
          String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given"));
    }
  }

  private static JsonNode json(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return JSON.createObjectNode();
    }
    return ModelJson.read(file);
  }

  private static String jinja(Path folder, JsonNode config) throws IOException {
    Path file = folder.resolve("chat_template.jinja");
    if (Files.isRegularFile(file)) {
      return Files.readString(file);
    }
    JsonNode template = config.path("chat_template");
    if (template.isArray()) {
      for (JsonNode named : template) {
        if (named.path("name").asText().equals("default")) {
          return named.path("template").asText();
        }
      }
    }
    return template.asText("");
  }

  /** A special token is written as its text, or as an object that holds it. */
  private static String content(JsonNode token) {
    return token.isObject() ? token.path("content").asText() : token.asText("");
  }

  /** Ends of a completion, and what is never drawn. */
  public SpecialTokens specialTokens() {
    return specialTokens;
  }

  /** Ids of a text alone, with the special tokens that the tokenizer itself adds. */
  public int[] encode(String text) {
    return ids(text, true);
  }

  /** Ids of a conversation, opened for the assistant's answer; see {@link #fit}. */
  public int[] prompt(Conversation before, int maxTokens) {
    return fit(before, maxTokens).ids();
  }

  /**
   * Ids of a conversation, opened for the assistant's answer. Where it is too long, whole oldest
   * turns go first, then the head of what the last user said.
   */
  public Encoded fit(Conversation before, int maxTokens) {
    return new Encoded(prompt(before.prompt(), maxTokens), 0, 0);
  }

  /** Ids that follow those of the prompt where the assistant answers; see {@link #answer}. */
  public int[] completion(Conversation before, String answer, int maxTokens) {
    return answer(before, answer, maxTokens).ids();
  }

  /**
   * Ids that follow those of the prompt where the assistant answers, with the token that ends the
   * turn; the head is kept where they are too many.
   */
  public Encoded answer(Conversation before, String answer, int maxTokens) {
    return new Encoded(completion(answer, maxTokens), 0, 0);
  }

  /** A whole conversation with its assistant's turns marked; whole oldest turns go first. */
  public Turns turns(Conversation whole, int maxTokens) {
    throw new UnsupportedOperationException("not yet");
  }

  /** The highest id that the tokenizer may give: an embedding must have a row for it. */
  public int highestId() {
    throw new UnsupportedOperationException("not yet");
  }

  /** Ids of a prompt, opened for the assistant's answer; the tail is kept where it is too long. */
  public int[] prompt(String text, int maxTokens) {
    String content = template.prompt(text);
    int[] whole = framed(content);
    if (whole.length <= maxTokens) {
      return whole;
    }
    // The frame stays; what is lost is the head of what the user said.
    int[] head = encodedOpening();
    int room = Math.max(0, maxTokens - head.length);
    int[] cut = Arrays.copyOf(head, Math.min(maxTokens, head.length + room));
    System.arraycopy(whole, whole.length - room, cut, cut.length - room, room);
    return cut;
  }

  private int[] framed(String content) {
    List<String> pieces = unforged(content);
    pieces.set(0, template.opening() + pieces.get(0));
    int last = pieces.size() - 1;
    pieces.set(last, pieces.get(last) + template.asking());
    return joined(pieces, template == ChatTemplate.PLAIN);
  }

  private int[] encodedOpening() {
    return template == ChatTemplate.PLAIN ? ids("", true) : ids(template.opening(), false);
  }

  /** Ids of a completion with its end token; the head is kept where it is too long. */
  public int[] completion(String text, int maxTokens) {
    int[] ids = joined(unforged(text), false);
    int[] completion = Arrays.copyOf(ids, Math.min(ids.length + 1, maxTokens));
    if (ids.length < maxTokens) {
      completion[ids.length] = end;
    }
    return completion;
  }

  /** Text of the ids up to the first end token. */
  public String decode(int[] ids) {
    int length = 0;
    while (length < ids.length && !specialTokens.end().contains(ids[length])) {
      length++;
    }
    long[] kept = Arrays.stream(ids, 0, length).asLongStream().toArray();
    return delegate.decode(kept, true);
  }

  /**
   * Parts of a text, cut within whatever reads like a special token: encoded one by one they say
   * the same but forge no turn.
   */
  private List<String> unforged(String text) {
    SortedSet<Integer> cuts = new TreeSet<>();
    for (String token : special) {
      for (int at = text.indexOf(token); at >= 0; at = text.indexOf(token, at + 1)) {
        cuts.add(at + 1);
      }
    }
    List<String> pieces = new ArrayList<>();
    int from = 0;
    for (int cut : cuts) {
      pieces.add(text.substring(from, cut));
      from = cut;
    }
    pieces.add(text.substring(from));
    return pieces;
  }

  private int[] joined(List<String> pieces, boolean addSpecial) {
    IntStream all = IntStream.empty();
    for (int i = 0; i < pieces.size(); i++) {
      all = IntStream.concat(all, Arrays.stream(ids(pieces.get(i), addSpecial && i == 0)));
    }
    return all.toArray();
  }

  private int[] ids(String text, boolean addSpecial) {
    return Arrays.stream(delegate.encode(text, addSpecial, false).getIds())
        .mapToInt(Math::toIntExact)
        .toArray();
  }

  @Override
  public void close() {
    delegate.close();
  }
}
