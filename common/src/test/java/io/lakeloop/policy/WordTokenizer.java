package io.lakeloop.policy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Writes a tokenizer whose tokens are a handful of words, for worlds that are solved by hand. */
final class WordTokenizer {
  static final String END = "<end>";

  private WordTokenizer() {}

  /** Ids are END's 0, then the words' in their order. */
  static void write(Path folder, List<String> words) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode root = json.createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ObjectNode end = root.putArray("added_tokens").addObject().put("id", 0).put("content", END);
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
      end.put(flag, false);
    }
    end.put("special", true);
    root.putNull("normalizer");
    root.putObject("pre_tokenizer").put("type", "WhitespaceSplit");
    root.putNull("post_processor").putNull("decoder");
    ObjectNode model = root.putObject("model").put("type", "WordLevel").put("unk_token", END);
    ObjectNode vocab = model.putObject("vocab").put(END, 0);
    for (String word : words) {
      vocab.put(word, vocab.size());
    }
    json.writeValue(folder.resolve("tokenizer.json").toFile(), root);
    json.writeValue(
        folder.resolve("tokenizer_config.json").toFile(),
        json.createObjectNode().put("eos_token", END));
  }
}
