package io.lakeloop.policy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.ChatEncoder;
import io.lakeloop.lm.Checkpoint;
import io.lakeloop.lm.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;

/** A published policy: a checkpoint, and how long its prompts and completions may be. */
public record PolicyFolder(Path folder) {
  private static final String LIMITS_JSON = "limits.json";

  record Limits(int maxPromptTokens, int maxCompletionTokens) {}

  public void write(CausalLm model, ChatEncoder encoder, Path tokenizerJson) throws IOException {
    new Checkpoint(folder).write(model, tokenizerJson);
    new ObjectMapper()
        .writeValue(
            folder.resolve(LIMITS_JSON).toFile(),
            new Limits(encoder.maxPromptTokens(), encoder.maxCompletionTokens()));
  }

  public CausalLm model() throws IOException {
    return new Checkpoint(folder).load();
  }

  public Path tokenizerJson() {
    return new Checkpoint(folder).tokenizerJson();
  }

  public ChatEncoder encoder() throws IOException {
    Limits limits =
        new ObjectMapper().readValue(folder.resolve(LIMITS_JSON).toFile(), Limits.class);
    return new ChatEncoder(
        Tokenizer.open(tokenizerJson()), limits.maxPromptTokens(), limits.maxCompletionTokens());
  }
}
