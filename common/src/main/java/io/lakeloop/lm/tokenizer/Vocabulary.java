package io.lakeloop.lm.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.ModelJson;
import io.lakeloop.lm.SpecialTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The special tokens of a model folder, and which of them end an answer. */
final class Vocabulary {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> NAMES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  /** What the folder's files say of tokens. */
  record Files(
      Map<String, Integer> addedIds,
      Map<String, Integer> specialIds,
      int highestId,
      JsonNode tokenizerConfig,
      JsonNode endIds,
      Map<String, String> namedTokens) {

    static Files read(Path folder, JsonNode tokenizer) throws IOException {
      Map<String, Integer> added = new TreeMap<>();
      Map<String, Integer> special = new LinkedHashMap<>();
      for (JsonNode token : tokenizer.path("added_tokens")) {
        added.put(token.path("content").asText(), token.path("id").asInt());
        if (token.path("special").asBoolean()) {
          special.put(token.path("content").asText(), token.path("id").asInt());
        }
      }
      JsonNode config = json(folder.resolve("tokenizer_config.json"));
      JsonNode map = json(folder.resolve("special_tokens_map.json"));
      JsonNode generation = json(folder.resolve("generation_config.json")).path("eos_token_id");
      JsonNode ends =
          generation.isMissingNode()
              ? json(folder.resolve("config.json")).path("eos_token_id")
              : generation;
      return new Files(added, special, highest(tokenizer, added), config, ends, named(config, map));
    }

    private static int highest(JsonNode tokenizer, Map<String, Integer> added) {
      int highest = added.values().stream().mapToInt(id -> id).max().orElse(-1);
      JsonNode vocab = tokenizer.path("model").path("vocab");
      if (vocab.isArray()) {
        return Math.max(highest, vocab.size() - 1);
      }
      for (JsonNode id : vocab) {
        highest = Math.max(highest, id.asInt());
      }
      return highest;
    }

    private static Map<String, String> named(JsonNode config, JsonNode map) {
      Map<String, String> named = new LinkedHashMap<>();
      for (String name : NAMES) {
        String token = content(config.has(name) ? config.path(name) : map.path(name));
        if (!token.isEmpty()) {
          named.put(name, token);
        }
      }
      return named;
    }

    /** A special token is written as its text, or as an object that holds it. */
    private static String content(JsonNode token) {
      return token.isObject()
          ? token.path("content").asText()
          : token.textValue() == null ? "" : token.textValue();
    }

    private static JsonNode json(Path file) throws IOException {
      return java.nio.file.Files.isRegularFile(file)
          ? ModelJson.read(file)
          : JSON.createObjectNode();
    }
  }

  private final Map<String, Integer> added;
  private final SpecialTokens specialTokens;
  private final int end;
  private final int highestId;
  private final List<String> endWords;

  /**
   * @param turnEnd the token that the chat template writes behind an answer, or empty
   * @throws UserError CONFIG_INVALID if nothing ends an answer
   */
  Vocabulary(Files files, String turnEnd, Path folder) {
    this.added = files.addedIds();
    String eos = files.namedTokens().getOrDefault("eos_token", "");
    SortedSet<Integer> ends = new TreeSet<>();
    List.of(turnEnd, eos).stream().filter(added::containsKey).map(added::get).forEach(ends::add);
    JsonNode ids = files.endIds();
    (ids.isArray() ? ids : JSON.createArrayNode().add(ids))
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
    this.end = added.getOrDefault(turnEnd, added.getOrDefault(eos, ends.first()));
    Integer pad = added.get(files.namedTokens().getOrDefault("pad_token", ""));
    this.specialTokens =
        new SpecialTokens(
            List.copyOf(ends), pad == null || ends.contains(pad) ? List.of() : List.of(pad));
    this.highestId = files.highestId();
    this.endWords =
        added.entrySet().stream()
            .filter(token -> ends.contains(token.getValue()))
            .map(Map.Entry::getKey)
            .toList();
  }

  /** An added token's text and id, for people. */
  String shown(int id) {
    return added.entrySet().stream()
        .filter(token -> token.getValue() == id)
        .map(token -> token.getKey() + " (" + id + ")")
        .findFirst()
        .orElse("token " + id);
  }

  SpecialTokens specialTokens() {
    return specialTokens;
  }

  /** What ends an answer where nobody wrote an end. */
  int end() {
    return end;
  }

  int highestId() {
    return highestId;
  }

  /** The place behind the first end token of a text, or -1. */
  int stop(String text) {
    int first = Integer.MAX_VALUE;
    int stop = -1;
    for (String word : endWords) {
      int at = text.indexOf(word);
      if (at >= 0 && at < first) {
        first = at;
        stop = at + word.length();
      }
    }
    return stop;
  }

  /** The place behind the end token that stands at a place of the text, or -1. */
  int endAt(String text, int place) {
    return endWords.stream()
        .filter(word -> text.startsWith(word, place))
        .mapToInt(word -> place + word.length())
        .max()
        .orElse(-1);
  }

  /** Whether nothing but blanks follows the last end token. */
  boolean ends(String text) {
    String end = text.stripTrailing();
    return endWords.stream().anyMatch(end::endsWith);
  }
}
