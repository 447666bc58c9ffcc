package io.lakeloop.lm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.safetensors.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * An adapter as PEFT lays it out: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}, with the scalar head as the module {@code score} where it has one.
 */
public record AdapterFolder(Path folder) {
  private static final String CONFIG = "adapter_config.json";
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String SCORE = "score";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** True if the folder holds an adapter rather than a whole model. */
  public boolean exists() {
    return Files.isRegularFile(folder.resolve(CONFIG));
  }

  /** What {@code adapter_config.json} calls the base. */
  public String base() throws IOException {
    return json().path("base_model_name_or_path").asText();
  }

  /**
   * Writes the model's adapter.
   *
   * @param scalarHead true to write the scalar head too
   * @param base name of the base model
   */
  public void write(CausalLm model, boolean scalarHead, String base) throws IOException {
    Files.createDirectories(folder);
    JSON.writeValue(folder.resolve(CONFIG).toFile(), describe(model, scalarHead, base));
    Map<String, SafeTensors.Source> sources = new TreeMap<>();
    model
        .parameters()
        .forEach(
            (name, array) -> {
              if (scalarHead || !name.endsWith(Linear.SCALAR_HEAD)) {
                sources.put(name, Weights.source(array, model.precisionOf(name)));
              }
            });
    SafeTensors.write(folder.resolve(WEIGHTS), sources);
  }

  private static ObjectNode describe(CausalLm model, boolean scalarHead, String base) {
    LoraConfig lora = model.lora();
    ObjectNode json = JSON.createObjectNode();
    json.put("peft_type", "LORA");
    json.put("task_type", scalarHead ? "SEQ_CLS" : "CAUSAL_LM");
    json.put("base_model_name_or_path", base);
    json.put("r", lora.rank());
    json.put("lora_alpha", lora.alpha());
    json.put("lora_dropout", lora.dropout());
    ArrayNode targets = json.putArray("target_modules");
    targetModules(model).forEach(targets::add);
    if (scalarHead) {
      json.putArray("modules_to_save").add(SCORE);
    } else {
      json.putNull("modules_to_save");
    }
    json.put("bias", "none");
    json.put("fan_in_fan_out", model.config().transposed());
    json.put("inference_mode", true);
    return json;
  }

  /** The last parts of the modules' names where they say it all, whole names otherwise. */
  private static List<String> targetModules(CausalLm model) {
    List<Linear> adapted = model.lora().targets(model.config());
    List<String> parts = adapted.stream().map(Linear::lastPart).distinct().toList();
    LoraConfig byParts = new LoraConfig(1, 1, 0, parts);
    return byParts.targets(model.config()).equals(adapted)
        ? parts
        : adapted.stream().map(Linear::name).toList();
  }

  /**
   * Loads the adapter over the base that {@code over} sees.
   *
   * @throws UserError where the folder is incomplete, asks for what is not known, or a tensor is
   *     missing, too many, or does not fit the base
   */
  public CausalLm load(CausalLm over) throws IOException {
    Map<String, SafeTensors.Tensor> tensors = new TreeMap<>();
    SafeTensors.open(folder.resolve(WEIGHTS))
        .forEach((name, tensor) -> tensors.put(known(name), tensor));
    // What is adapted is what there are tensors for, whatever pattern once chose it.
    List<Linear> adapted =
        Linear.of(over.config()).stream()
            .filter(linear -> tensors.containsKey(Adapter.nameOfA(linear)))
            .toList();
    Set<String> expected = new HashSet<>(Set.of(Adapter.PREFIX + Linear.SCALAR_HEAD));
    for (Linear linear : adapted) {
      expected.add(Adapter.nameOfA(linear));
      expected.add(Adapter.nameOfB(linear));
    }
    for (String name : tensors.keySet()) {
      check(expected.contains(name), "its tensor " + name + " adapts nothing that the base has");
    }
    return over.adapted(config(adapted.stream().map(Linear::name).toList()), tensors);
  }

  /** Adapters of a bare trunk leave the family's first part out; that of a head is PEFT's own. */
  private static String known(String name) {
    return name.endsWith("modules_to_save.score.weight")
        ? Adapter.PREFIX + Linear.SCALAR_HEAD
        : name;
  }

  private JsonNode json() throws IOException {
    try {
      return JSON.readTree(folder.resolve(CONFIG).toFile());
    } catch (JsonProcessingException e) {
      throw refused("its adapter_config.json is no JSON");
    }
  }

  private LoraConfig config(List<String> adapted) throws IOException {
    JsonNode json = json();
    check(json.path("peft_type").asText().equals("LORA"), "it is not of the type LORA");
    check(json.path("bias").asText("none").equals("none"), "it trains biases");
    json.properties().stream()
        .filter(entry -> entry.getKey().startsWith("use_") || entry.getKey().equals("lora_bias"))
        .forEach(entry -> check(!entry.getValue().asBoolean(), "it has " + entry.getKey()));
    for (String variant :
        List.of(
            "rank_pattern",
            "alpha_pattern",
            "target_parameters",
            "layer_replication",
            "trainable_token_indices",
            "alora_invocation_tokens")) {
      JsonNode value = json.path(variant);
      check(value.isMissingNode() || value.isNull() || value.isEmpty(), "it has " + variant);
    }
    check(json.path("r").asInt() > 0, "its rank r is " + json.path("r"));
    return new LoraConfig(
        json.path("r").asInt(),
        json.path("lora_alpha").asDouble(),
        json.path("lora_dropout").asDouble(),
        adapted);
  }

  private void check(boolean holds, String why) {
    if (!holds) {
      throw refused(why);
    }
  }

  private UserError refused(String why) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot load the adapter in %s: %s. Plain LoRA adapters are read.",
        folder,
        why);
  }
}
