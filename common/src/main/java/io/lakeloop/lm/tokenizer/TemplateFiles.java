package io.lakeloop.lm.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Quoted;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.ModelJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The chat templates of a model folder, found as transformers finds them: {@code
 * chat_template.jinja} and those beside it, else {@code chat_template.json}, else what {@code
 * tokenizer_config.json} holds, one or several with names.
 *
 * @param main Jinja, or empty where the folder has none
 * @param withTools Jinja for conversations that offer tools, or empty where it is the main one
 */
record TemplateFiles(String main, String withTools) {
  private static final long MOST_BYTES = 4L << 20;

  static TemplateFiles in(Path folder, JsonNode tokenizerConfig) throws IOException {
    String own = text(folder.resolve("chat_template.jinja"));
    String tools = text(folder.resolve("additional_chat_templates/tool_use.jinja"));
    if (!own.isBlank()) {
      return new TemplateFiles(own, tools);
    }
    Path json = folder.resolve("chat_template.json");
    JsonNode template =
        Files.isRegularFile(json)
            ? ModelJson.read(json).path("chat_template")
            : tokenizerConfig.path("chat_template");
    if (!template.isArray()) {
      return new TemplateFiles(template.asText(""), tools);
    }
    String main = named(template, "default");
    if (main.isBlank()) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use the chat templates in %s: none of them is called default, only %s. Give the"
              + " one to use that name.",
          folder,
          Quoted.of(String.join(", ", template.findValuesAsText("name"))));
    }
    return new TemplateFiles(main, tools.isBlank() ? named(template, "tool_use") : tools);
  }

  private static String named(JsonNode templates, String name) {
    for (JsonNode template : templates) {
      if (template.path("name").asText().equals(name)) {
        return template.path("template").asText("");
      }
    }
    return "";
  }

  private static String text(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return "";
    }
    if (Files.size(file) > MOST_BYTES) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot read %s: it has %,d bytes; up to %,d are read. Fetch the model again.",
          file,
          Files.size(file),
          MOST_BYTES);
    }
    return Files.readString(file);
  }
}
