package io.lakeloop.lm;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Reads the JSON files of a model folder, which may come from anywhere: in bounds. */
public final class ModelJson {
  /** The largest tokenizer.json in use has half of this: a vocabulary of 262,144 tokens. */
  private static final long MOST_BYTES = 64L << 20;

  private static final int DEEPEST = 64;
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
              .build());

  private ModelJson() {}

  /**
   * Reads the file.
   *
   * @throws UserError ARTIFACT_CORRUPT if it is no JSON, too large, or nested too deeply
   */
  public static JsonNode read(Path file) throws IOException {
    requireInBounds(file);
    try {
      return JSON.readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw refused(file, "it is no JSON, or nested deeper than " + DEEPEST + " levels");
    }
  }

  /**
   * @throws UserError ARTIFACT_CORRUPT if the file is larger than any of its kind
   */
  static void requireInBounds(Path file) throws IOException {
    long bytes = Files.size(file);
    if (bytes > MOST_BYTES) {
      throw refused(
          file,
          String.format(Locale.ROOT, "it has %,d bytes; up to %,d are read", bytes, MOST_BYTES));
    }
  }

  private static UserError refused(Path file, String why) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT, "Cannot read %s: %s. Fetch the model again.", file, why);
  }
}
