package io.lakeloop.policy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.Problems;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.reward.DataLimits;
import io.lakeloop.reward.Exchange;
import io.lakeloop.session.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A published policy: a model or adapter, and how long its prompts and completions may be. */
public record PolicyFolder(Path folder) {
  private static final String LIMITS_JSON = "limits.json";

  /**
   * Longest prompts and completions.
   *
   * @param maxPromptTokens 0 for what the base model was trained with
   * @param maxCompletionTokens 0 for what the base model was trained with
   */
  public record Limits(int maxPromptTokens, int maxCompletionTokens) {
    public Limits {
      Problems.in("limits")
          .require(
              maxPromptTokens >= 0 && maxPromptTokens <= 1_000_000,
              "limits.max-prompt-tokens must lie in 0..1000000, got %d",
              maxPromptTokens)
          .require(
              maxCompletionTokens >= 0 && maxCompletionTokens <= 1_000_000,
              "limits.max-completion-tokens must lie in 0..1000000, got %d",
              maxCompletionTokens)
          .throwIfAny();
    }
  }

  /**
   * Writes what was trained.
   *
   * @param companions folder whose tokenizer it was trained with
   */
  public void write(ModelLoader.Loaded trained, ChatEncoder encoder, Path companions)
      throws IOException {
    trained.write(folder, false, companions);
    new ObjectMapper()
        .writeValue(
            folder.resolve(LIMITS_JSON).toFile(),
            new Limits(encoder.maxPromptTokens(), encoder.maxCompletionTokens()));
  }

  /**
   * The encoder of what starts here: limits are those wanted, else those that the model was trained
   * with, else those of the data.
   *
   * @param positions that the model reads
   */
  public ChatEncoder encoder(Limits wanted, int positions, List<Exchange> data) throws IOException {
    Path file = folder.resolve(LIMITS_JSON);
    Limits own =
        Files.isRegularFile(file)
            ? new ObjectMapper().readValue(file.toFile(), Limits.class)
            : new Limits(0, 0);
    int prompt = wanted.maxPromptTokens() > 0 ? wanted.maxPromptTokens() : own.maxPromptTokens();
    int completion =
        wanted.maxCompletionTokens() > 0 ? wanted.maxCompletionTokens() : own.maxCompletionTokens();
    return DataLimits.encoder(Tokenizer.open(folder), prompt, completion, positions, data);
  }
}
