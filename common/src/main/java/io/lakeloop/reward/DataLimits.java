package io.lakeloop.reward;

import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How long prompts and completions may be, where nobody says it: as 99 of 100 of the data are, no
 * longer than the model reads, and no longer than {@value #MOST_PROMPT} and {@value
 * #MOST_COMPLETION} tokens, since one long sequence makes a whole batch as wide.
 */
public final class DataLimits {
  static final int MOST_PROMPT = 2048;
  static final int MOST_COMPLETION = 1024;

  private static final int MEASURED = 2000;
  private static final int LEAST = 16;

  private DataLimits() {}

  /**
   * @param maxPromptTokens 0 to take it from the data
   * @param maxCompletionTokens 0 to take it from the data
   * @param positions that the model reads
   */
  public static ChatEncoder encoder(
      Tokenizer tokenizer,
      int maxPromptTokens,
      int maxCompletionTokens,
      int positions,
      List<Exchange> data) {
    int step = Math.max(1, data.size() / MEASURED);
    List<Exchange> some =
        IntStream.range(0, data.size()).filter(i -> i % step == 0).mapToObj(data::get).toList();
    int completion = maxCompletionTokens;
    if (completion == 0) {
      int[] lengths =
          some.stream()
              .mapToInt(e -> tokenizer.completion(e.before(), e.completion(), positions).length)
              .toArray();
      completion = Math.min(bounded(lengths, MOST_COMPLETION), Math.max(1, positions / 2));
    }
    int prompt = maxPromptTokens;
    if (prompt == 0) {
      int[] lengths =
          some.stream().mapToInt(e -> tokenizer.prompt(e.before(), positions).length).toArray();
      prompt = Math.min(bounded(lengths, MOST_PROMPT), Math.max(1, positions - completion));
    }
    return new ChatEncoder(tokenizer, prompt, completion);
  }

  /** The 99th percentile, in steps of eight. */
  private static int bounded(int[] lengths, int most) {
    int[] sorted = Arrays.stream(lengths).sorted().toArray();
    int reached = sorted[(int) Math.ceil(0.99 * sorted.length) - 1];
    return Math.min(most, Math.max(LEAST, (reached + 7) / 8 * 8));
  }
}
