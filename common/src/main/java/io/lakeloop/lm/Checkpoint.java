package io.lakeloop.lm;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A model folder as Hugging Face lays it out: {@code config.json}, {@code model.safetensors},
 * {@code tokenizer.json}.
 */
public record Checkpoint(Path folder) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  public Path tokenizerJson() {
    return folder.resolve("tokenizer.json");
  }

  private Path configJson() {
    return folder.resolve("config.json");
  }

  private Path weights() {
    return folder.resolve("model.safetensors");
  }

  /** Writes the model beside the tokenizer that it was trained with. */
  public void write(CausalLm model, Path tokenizerJson) throws IOException {
    Files.createDirectories(folder);
    JSON.writeValue(configJson().toFile(), model.config());
    SafeTensors.write(weights(), model.tensors());
    Files.copy(tokenizerJson, tokenizerJson(), StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Loads the model.
   *
   * @throws UserError ARTIFACT_CORRUPT if a tensor is missing or does not fit the config
   */
  public CausalLm load() throws IOException {
    LmConfig config = JSON.readValue(configJson().toFile(), LmConfig.class);
    try {
      return CausalLm.of(config, SafeTensors.read(weights()));
    } catch (IllegalArgumentException e) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot load the model in %s: %s Publish it again.",
          folder,
          e.getMessage());
    }
  }
}
