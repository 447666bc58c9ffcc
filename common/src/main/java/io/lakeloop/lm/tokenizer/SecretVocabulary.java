package io.lakeloop.lm.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Renames the special tokens of a {@code tokenizer.json} to names that nobody writes, in its
 * vocabulary too, so that no text of people's encodes to one of them.
 */
final class SecretVocabulary {
  private static final int FIRST_OPENING = 0xFFF00;
  private static final int LAST_OPENING = 0xFFFFD;
  private static final int FIRST_NUMBER = 0xF0000;
  private static final int NUMBERS = 0xFF00;

  private SecretVocabulary() {}

  /** A private letter that is not in the text, or -1. */
  static int opening(String text) {
    for (int letter = FIRST_OPENING; letter <= LAST_OPENING; letter++) {
      if (text.indexOf(letter) < 0) {
        return letter;
      }
    }
    return -1;
  }

  /** The secret name of each special token. */
  static Map<String, String> names(Iterable<String> specialTokens, int opening) {
    Map<String, String> names = new LinkedHashMap<>();
    for (String token : specialTokens) {
      int number = names.size();
      names.put(
          token,
          Character.toString(opening)
              + Character.toString(FIRST_NUMBER + number / NUMBERS)
              + Character.toString(FIRST_NUMBER + number % NUMBERS));
    }
    return names;
  }

  /** The same tokenizer under the secret names; it adds no special tokens of its own. */
  static void rename(ObjectNode tokenizer, Map<String, String> names) {
    tokenizer.putNull("post_processor");
    for (JsonNode token : tokenizer.path("added_tokens")) {
      String secret = names.get(token.path("content").asText());
      if (secret != null) {
        ((ObjectNode) token).put("content", secret);
      }
    }
    if (tokenizer.path("model") instanceof ObjectNode model) {
      renameModel(model, names);
    }
  }

  private static void renameModel(ObjectNode model, Map<String, String> names) {
    String unknown = names.get(model.path("unk_token").asText(""));
    if (unknown != null) {
      model.put("unk_token", unknown);
    }
    if (model.path("vocab") instanceof ObjectNode vocab) {
      model.set("vocab", renamed(vocab, names));
    } else if (model.path("vocab") instanceof ArrayNode pieces) {
      for (JsonNode piece : pieces) {
        String secret = names.get(piece.path(0).asText());
        if (secret != null) {
          ((ArrayNode) piece).set(0, secret);
        }
      }
    }
    for (Iterator<JsonNode> merges = model.path("merges").iterator(); merges.hasNext(); ) {
      if (makes(merges.next(), names)) {
        merges.remove();
      }
    }
  }

  private static ObjectNode renamed(ObjectNode vocab, Map<String, String> names) {
    ObjectNode renamed = vocab.objectNode();
    for (Map.Entry<String, JsonNode> entry : vocab.properties()) {
      renamed.set(names.getOrDefault(entry.getKey(), entry.getKey()), entry.getValue());
    }
    return renamed;
  }

  /** Whether a merge takes or makes a special token. */
  private static boolean makes(JsonNode merge, Map<String, String> names) {
    String left;
    String right;
    if (merge.isArray()) {
      left = merge.path(0).asText();
      right = merge.path(1).asText();
    } else {
      String text = merge.asText();
      int blank = text.indexOf(' ', 1);
      left = text.substring(0, Math.max(0, blank));
      right = text.substring(blank + 1);
    }
    return names.containsKey(left) || names.containsKey(right) || names.containsKey(left + right);
  }
}
