package io.lakeloop.lm.tokenizer;

import io.lakeloop.chat.Conversation;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.LmConfig;
import java.util.Arrays;

/**
 * Turns prompts and completions into the token sequences that models read.
 *
 * @param maxPromptTokens longer prompts lose their head
 * @param maxCompletionTokens longer completions lose their tail, and with it the end token
 */
public record ChatEncoder(Tokenizer tokenizer, int maxPromptTokens, int maxCompletionTokens) {

  /** A sequence and how many of its tokens are the prompt. */
  public record Sequence(int[] tokens, int promptTokens) {}

  /**
   * @throws UserError CONFIG_INVALID if a whole sequence may be longer than the model reads
   */
  public void checkFits(LmConfig config) {
    if ((long) maxPromptTokens + maxCompletionTokens > config.maxPositions()) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot train: prompts of up to %d tokens and completions of up to %d pass the %d"
              + " positions that the model reads. Lower max-prompt-tokens or"
              + " max-completion-tokens.",
          maxPromptTokens,
          maxCompletionTokens,
          config.maxPositions());
    }
  }

  public int[] prompt(String prompt) {
    return tokenizer.prompt(prompt, maxPromptTokens);
  }

  public Sequence sequence(String prompt, String completion) {
    return sequence(Conversation.of(prompt), completion);
  }

  public int[] prompt(Conversation before) {
    return fit(before).ids();
  }

  /** The prompt, and what had to go so that it fits. */
  public Encoded fit(Conversation before) {
    return tokenizer.fit(before, maxPromptTokens);
  }

  public Sequence sequence(Conversation before, String answer) {
    return join(prompt(before), tokenizer.completion(before, answer, maxCompletionTokens));
  }

  /** A whole conversation, as long as a prompt and a completion together. */
  public Turns turns(Conversation whole) {
    return tokenizer.turns(whole, maxPromptTokens + maxCompletionTokens);
  }

  /** Appends drawn tokens to the prompt that they were drawn for. */
  public static Sequence join(int[] prompt, int[] completion) {
    int[] tokens = Arrays.copyOf(prompt, prompt.length + completion.length);
    System.arraycopy(completion, 0, tokens, prompt.length, completion.length);
    return new Sequence(tokens, prompt.length);
  }
}
