package io.lakeloop.lm;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Text to token ids and back, with the chat form that every model here is trained on:
 *
 * <pre>&lt;|user|&gt;prompt&lt;|assistant|&gt;completion&lt;|end|&gt;</pre>
 */
public final class Tokenizer implements AutoCloseable {
  public static final int PAD = 0;
  public static final int END = 1;
  static final List<String> SPECIAL_TOKENS =
      List.of("<|pad|>", "<|end|>", "<|user|>", "<|assistant|>");
  private static final int USER = 2;
  private static final int ASSISTANT = 3;

  private final HuggingFaceTokenizer delegate;

  private Tokenizer(HuggingFaceTokenizer delegate) {
    this.delegate = delegate;
  }

  /** Opens a {@code tokenizer.json} as {@link BpeTrainer} writes it. */
  public static Tokenizer open(Path tokenizerJson) throws IOException {
    // Unless told otherwise the binding cuts at 512 tokens and pads.
    return new Tokenizer(
        HuggingFaceTokenizer.builder()
            .optTokenizerPath(tokenizerJson)
            .optTruncation(false)
            .optPadding(false)
            .optAddSpecialTokens(false)
            .build());
  }

  /** Ids of a prompt, opened for the assistant's answer; the tail is kept where it is too long. */
  public int[] prompt(String text, int maxTokens) {
    int[] ids = encode(text);
    int room = Math.max(0, maxTokens - 2);
    int[] tail = ids.length > room ? Arrays.copyOfRange(ids, ids.length - room, ids.length) : ids;
    int[] prompt = new int[tail.length + 2];
    prompt[0] = USER;
    System.arraycopy(tail, 0, prompt, 1, tail.length);
    prompt[prompt.length - 1] = ASSISTANT;
    return prompt;
  }

  /** Ids of a completion with its end token; the head is kept where it is too long. */
  public int[] completion(String text, int maxTokens) {
    int[] ids = encode(text);
    int[] completion = Arrays.copyOf(ids, Math.min(ids.length + 1, maxTokens));
    if (ids.length < maxTokens) {
      completion[ids.length] = END;
    }
    return completion;
  }

  /** Text of the ids up to the first end token. */
  public String decode(int[] ids) {
    int length = 0;
    while (length < ids.length && ids[length] != END) {
      length++;
    }
    long[] kept = Arrays.stream(ids, 0, length).asLongStream().toArray();
    return delegate.decode(kept, true);
  }

  /** A user's text must not be able to forge a turn, so its special tokens are broken up first. */
  private int[] encode(String text) {
    return Arrays.stream(delegate.encode(text.replace("<|", "< |"), false, false).getIds())
        .mapToInt(Math::toIntExact)
        .toArray();
  }

  @Override
  public void close() {
    delegate.close();
  }
}
