package io.lakeloop.lm.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Trains a byte-level BPE vocabulary (Sennrich et al. 2016, <a
 * href="https://arxiv.org/abs/1508.07909">1508.07909</a>; byte alphabet and word pattern of GPT-2)
 * and writes it as a {@code tokenizer.json} that the Hugging Face tokenizers library loads. DJL's
 * binding of that library cannot train.
 */
public final class BpeTrainer {
  private static final Pattern WORD =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

  private static final List<String> SPECIAL_TOKENS =
      List.of("<|pad|>", "<|end|>", "<|user|>", "<|assistant|>");

  private final int vocabSize;

  public BpeTrainer(int vocabSize) {
    this.vocabSize = vocabSize;
  }

  /** A word as its current symbols, with its count in the corpus. */
  private static final class Word {
    private List<String> symbols;
    private final long count;

    private Word(List<String> symbols, long count) {
      this.symbols = symbols;
      this.count = count;
    }
  }

  /**
   * Learns merges from the texts and writes the tokenizer's files into the folder; ties go to the
   * lesser pair.
   */
  public void train(Iterable<String> texts, Path folder) throws IOException {
    List<Word> words = words(texts);
    Map<String, Integer> vocab = new LinkedHashMap<>();
    for (String special : SPECIAL_TOKENS) {
      vocab.put(special, vocab.size());
    }
    for (int b = 0; b < 256; b++) {
      vocab.put(String.valueOf(symbol(b)), vocab.size());
    }
    List<String[]> merges = new ArrayList<>();
    while (vocab.size() < vocabSize) {
      Map.Entry<List<String>, Long> best = mostFrequentPair(words);
      if (best == null || best.getValue() < 2) {
        break;
      }
      String[] pair = best.getKey().toArray(String[]::new);
      merges.add(pair);
      vocab.putIfAbsent(pair[0] + pair[1], vocab.size());
      words.forEach(word -> merge(word, pair));
    }
    Files.createDirectories(folder);
    ObjectMapper json = new ObjectMapper();
    json.writeValue(folder.resolve("tokenizer.json").toFile(), describe(vocab, merges));
    json.writeValue(
        folder.resolve("tokenizer_config.json").toFile(),
        json.createObjectNode()
            .put("tokenizer_class", "PreTrainedTokenizerFast")
            .put("pad_token", SPECIAL_TOKENS.get(0))
            .put("eos_token", SPECIAL_TOKENS.get(1))
            .put("chat_template", ChatTemplate.TURNS_JINJA));
    json.writeValue(
        folder.resolve("generation_config.json").toFile(),
        json.createObjectNode().put("pad_token_id", 0).put("eos_token_id", 1));
  }

  private static List<Word> words(Iterable<String> texts) {
    Map<String, Long> counts = new TreeMap<>();
    for (String text : texts) {
      Matcher matcher = WORD.matcher(text);
      while (matcher.find()) {
        counts.merge(matcher.group(), 1L, Long::sum);
      }
    }
    List<Word> words = new ArrayList<>();
    counts.forEach(
        (text, count) -> {
          List<String> symbols = new ArrayList<>();
          for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            symbols.add(String.valueOf(symbol(b & 0xff)));
          }
          words.add(new Word(symbols, count));
        });
    return words;
  }

  private static Map.Entry<List<String>, Long> mostFrequentPair(List<Word> words) {
    Map<List<String>, Long> pairs = new LinkedHashMap<>();
    for (Word word : words) {
      for (int i = 0; i + 1 < word.symbols.size(); i++) {
        pairs.merge(List.of(word.symbols.get(i), word.symbols.get(i + 1)), word.count, Long::sum);
      }
    }
    return pairs.entrySet().stream()
        .min(
            Map.Entry.<List<String>, Long>comparingByValue()
                .reversed()
                .thenComparing(
                    Map.Entry.comparingByKey(
                        Comparator.<List<String>, String>comparing(pair -> pair.get(0))
                            .thenComparing(pair -> pair.get(1)))))
        .orElse(null);
  }

  private static void merge(Word word, String[] pair) {
    List<String> merged = new ArrayList<>(word.symbols.size());
    for (int i = 0; i < word.symbols.size(); i++) {
      boolean here =
          i + 1 < word.symbols.size()
              && word.symbols.get(i).equals(pair[0])
              && word.symbols.get(i + 1).equals(pair[1]);
      merged.add(here ? pair[0] + pair[1] : word.symbols.get(i));
      i += here ? 1 : 0;
    }
    word.symbols = merged;
  }

  /** GPT-2's printable stand-in for a byte. */
  private static char symbol(int b) {
    boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    if (printable) {
      return (char) b;
    }
    int rank = b <= ' ' ? b : b == 0xAD ? 67 : b - 0x7F + 33;
    return (char) (256 + rank);
  }

  private static ObjectNode describe(Map<String, Integer> vocab, List<String[]> merges) {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (String special : SPECIAL_TOKENS) {
      ObjectNode token = added.addObject().put("id", vocab.get(special)).put("content", special);
      for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
        token.put(flag, false);
      }
      token.put("special", true);
    }
    root.putNull("normalizer");
    root.set("pre_tokenizer", byteLevel());
    root.putNull("post_processor");
    root.set("decoder", byteLevel());
    ObjectNode model = root.putObject("model").put("type", "BPE").putNull("unk_token");
    vocab.forEach(model.putObject("vocab")::put);
    ArrayNode rules = model.putArray("merges");
    merges.forEach(pair -> rules.add(pair[0] + " " + pair[1]));
    return root;
  }

  private static ObjectNode byteLevel() {
    return new ObjectMapper()
        .createObjectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }
}
