package io.lakeloop.lm;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Quoted;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.safetensors.SafeTensors;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A model folder as Hugging Face lays it out: {@code config.json}, {@code model.safetensors} or its
 * shards with their index, the tokenizer's files. Only safetensors are read: loading runs no code.
 */
public record ModelFolder(Path folder) {
  private static final String MORE_TEMPLATES = "additional_chat_templates";

  /** What belongs to a model beside its config and weights. */
  public static final List<String> COMPANIONS =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "generation_config.json",
          "special_tokens_map.json",
          "chat_template.jinja",
          "chat_template.json",
          MORE_TEMPLATES + "/tool_use.jinja");

  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final long SHARD_BYTES = 5_000_000_000L;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Path configJson() {
    return folder.resolve("config.json");
  }

  /**
   * @throws UserError INPUT_MISSING if the folder holds no config.json
   */
  public LmConfig config() throws IOException {
    if (!Files.isRegularFile(configJson())) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot load a model from %s: it has no config.json%s",
          folder,
          otherFormat());
    }
    return LmConfig.read(configJson());
  }

  /** Loads the model in single precision on the CPU. */
  public CausalLm load() throws IOException {
    return load(Compute.cpu(), Precision.FLOAT32);
  }

  /**
   * Loads the model.
   *
   * @throws UserError where the folder is incomplete, or a tensor is missing or does not fit the
   *     config
   */
  public CausalLm load(Compute compute, Precision precision) throws IOException {
    LmConfig config = config();
    Map<String, SafeTensors.Tensor> tensors = renamed(config, tensors());
    return CausalLm.of(fitted(config, tensors), tensors, compute, precision);
  }

  /** The config with as many rows as the embedding has, and with the head that there is. */
  private static LmConfig fitted(LmConfig config, Map<String, SafeTensors.Tensor> tensors)
      throws IOException {
    SafeTensors.Tensor embedding = tensors.get(config.names().embedding() + ".weight");
    SafeTensors.Tensor head = tensors.get(config.names().head() + ".weight");
    if (embedding == null || embedding.shape().length != 2) {
      return config;
    }
    boolean tied = head == null || config.tiedHead() && head.sameAs(embedding);
    return config.fitted((int) embedding.shape()[0], tied);
  }

  /** What the weights are stored as. */
  public SortedSet<String> types() throws IOException {
    SortedSet<String> types = new TreeSet<>();
    tensors().values().forEach(tensor -> types.add(tensor.type().words()));
    return types;
  }

  private Map<String, SafeTensors.Tensor> tensors() throws IOException {
    if (Files.isRegularFile(folder.resolve(INDEX))) {
      return sharded();
    }
    if (!Files.isRegularFile(folder.resolve(WEIGHTS))) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot load a model from %s: it has neither %s nor %s%s",
          folder,
          WEIGHTS,
          INDEX,
          otherFormat());
    }
    return SafeTensors.open(folder.resolve(WEIGHTS));
  }

  /** What to do about the weights that there are. */
  private String otherFormat() throws IOException {
    for (String name : namesInFolder()) {
      if (name.endsWith(".gguf")) {
        return ", but %s, which is llama.cpp's. Fetch the model as safetensors, or convert it as"
                .formatted(Quoted.of(name))
            + " docs/your-own-checkpoint-and-logs.md shows.";
      }
      if (name.matches(".*\\.(bin|pt|pth|ckpt|h5|msgpack|onnx)")) {
        return ", but %s. Other formats are not read, since loading them can run code: convert the"
                .formatted(Quoted.of(name))
            + " model to safetensors: AutoModelForCausalLM.from_pretrained(folder).save_pretrained"
            + "(another) of transformers, where you trust the file.";
      }
    }
    return ". Name a folder in Hugging Face's layout, as the model's publisher has it.";
  }

  private List<String> namesInFolder() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private Map<String, SafeTensors.Tensor> sharded() throws IOException {
    Map<String, SafeTensors.Tensor> all = new TreeMap<>();
    SortedMap<String, Map<String, SafeTensors.Tensor>> shards = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : index().properties()) {
      String shard = shard(entry.getValue());
      if (!shards.containsKey(shard)) {
        if (!Files.isRegularFile(folder.resolve(shard))) {
          throw badIndex("there is no file " + shard);
        }
        shards.put(shard, SafeTensors.open(folder.resolve(shard)));
      }
      SafeTensors.Tensor tensor = shards.get(shard).get(entry.getKey());
      if (tensor == null) {
        throw badIndex("tensor " + entry.getKey() + " is not in " + shard);
      }
      all.put(entry.getKey(), tensor);
    }
    return all;
  }

  private JsonNode index() throws IOException {
    return ModelJson.read(folder.resolve(INDEX)).path("weight_map");
  }

  private String shard(JsonNode name) {
    if (!name.asText().matches("[A-Za-z0-9._-]+\\.safetensors")) {
      throw badIndex("it names the file " + Quoted.of(name.asText()));
    }
    return name.asText();
  }

  private UserError badIndex(String why) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot read %s: %s. Fetch or publish the model again.",
        folder.resolve(INDEX),
        why);
  }

  /** Some checkpoints hold the bare trunk, whose names lack the family's first part. */
  private static Map<String, SafeTensors.Tensor> renamed(
      LmConfig config, Map<String, SafeTensors.Tensor> tensors) {
    String embedding = config.names().embedding() + ".weight";
    String prefix = embedding.substring(0, embedding.indexOf('.') + 1);
    if (tensors.containsKey(embedding)
        || !tensors.containsKey(embedding.substring(prefix.length()))) {
      return tensors;
    }
    Map<String, SafeTensors.Tensor> renamed = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> renamed.put(prefix + name, tensor));
    return renamed;
  }

  /**
   * Writes the model, an adapter merged into its base, beside the companions of another folder.
   *
   * @param scalarHead true to write the scalar head too
   */
  public void write(CausalLm model, boolean scalarHead, Path companions) throws IOException {
    write(model, scalarHead, companions, SHARD_BYTES);
  }

  void write(CausalLm model, boolean scalarHead, Path companions, long shardBytes)
      throws IOException {
    Files.createDirectories(folder);
    ObjectNode config = model.config().json();
    config.remove("dtype");
    config.put("torch_dtype", model.precision() == Precision.BFLOAT16 ? "bfloat16" : "float32");
    JSON.writeValue(configJson().toFile(), config);
    SortedMap<String, SafeTensors.Source> sources = new TreeMap<>(model.merged());
    if (scalarHead) {
      sources.put(
          Linear.SCALAR_HEAD,
          Weights.source(model.scalarHead(), model.precisionOf(Linear.SCALAR_HEAD)));
    }
    write(sources, shardBytes);
    copyCompanions(companions, folder);
  }

  private void write(SortedMap<String, SafeTensors.Source> sources, long shardBytes)
      throws IOException {
    List<Map<String, SafeTensors.Source>> shards = shards(sources, shardBytes);
    if (shards.size() == 1) {
      SafeTensors.write(folder.resolve(WEIGHTS), shards.get(0));
      return;
    }
    ObjectNode index = JSON.createObjectNode();
    index
        .putObject("metadata")
        .put("total_size", sources.values().stream().mapToLong(SafeTensors::bytes).sum());
    ObjectNode map = index.putObject("weight_map");
    for (int i = 0; i < shards.size(); i++) {
      String name = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
      SafeTensors.write(folder.resolve(name), shards.get(i));
      shards.get(i).keySet().forEach(tensor -> map.put(tensor, name));
    }
    JSON.writeValue(folder.resolve(INDEX).toFile(), index);
  }

  private static List<Map<String, SafeTensors.Source>> shards(
      SortedMap<String, SafeTensors.Source> sources, long shardBytes) {
    List<Map<String, SafeTensors.Source>> shards = new java.util.ArrayList<>();
    long filled = 0;
    for (Map.Entry<String, SafeTensors.Source> entry : sources.entrySet()) {
      long bytes = SafeTensors.bytes(entry.getValue());
      if (shards.isEmpty() || filled + bytes > shardBytes) {
        shards.add(new TreeMap<>());
        filled = 0;
      }
      shards.get(shards.size() - 1).put(entry.getKey(), entry.getValue());
      filled += bytes;
    }
    return shards;
  }

  /**
   * Looks whether the folder holds a model that can be loaded: its config and the places and shapes
   * of its tensors are read, its weights are not.
   *
   * @return the config as the model is loaded by it
   * @throws UserError saying which file is missing, damaged, out of bounds or a link
   */
  public LmConfig check() throws IOException {
    SortedMap<String, Path> files = files();
    LmConfig config = config();
    for (String companion : COMPANIONS) {
      if (files.containsKey(companion)) {
        ModelJson.requireInBounds(files.get(companion));
      }
    }
    Map<String, SafeTensors.Tensor> tensors = renamed(config, tensors());
    if (config.layers() > tensors.size()) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot load a model from %s: its config tells of %,d layers, its weights have %,d tensors"
              + " in all. Fetch the model again.",
          folder,
          config.layers(),
          tensors.size());
    }
    LmConfig fitted = fitted(config, tensors);
    for (Map.Entry<String, Shape> expected : Linear.shapes(fitted).entrySet()) {
      String name = expected.getKey();
      Weights.requireShape(tensors.get(name), name, expected.getValue());
    }
    return fitted;
  }

  /**
   * The files that make up the model, by name: config, weights and what belongs to them. Others,
   * pickled weights above all, are none of it.
   *
   * @throws UserError ARTIFACT_CORRUPT if one of them is a link
   */
  public SortedMap<String, Path> files() throws IOException {
    SortedMap<String, Path> files = new TreeMap<>();
    for (String name : names()) {
      Path file = folder.resolve(name);
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
            || Files.isSymbolicLink(file.getParent()) && !file.getParent().equals(folder)) {
          throw new UserError(
              ErrorCode.ARTIFACT_CORRUPT,
              "Cannot load a model from %s: %s is no plain file but a link or the like, which may"
                  + " lead anywhere. Copy the folder with the files themselves (cp -RL), and name"
                  + " the copy.",
              folder,
              name);
        }
        files.put(name, file);
      }
    }
    return files;
  }

  private Set<String> names() throws IOException {
    Set<String> names = new TreeSet<>(COMPANIONS);
    names.add("config.json");
    if (!Files.exists(folder.resolve(INDEX), LinkOption.NOFOLLOW_LINKS)) {
      names.add(WEIGHTS);
      return names;
    }
    names.add(INDEX);
    if (Files.isRegularFile(folder.resolve(INDEX), LinkOption.NOFOLLOW_LINKS)) {
      for (JsonNode file : index()) {
        names.add(shard(file));
      }
    }
    return names;
  }

  /** Copies tokenizer and generation settings, as far as they are there. */
  public static void copyCompanions(Path from, Path to) throws IOException {
    if (from.equals(to)) {
      return;
    }
    for (String name : COMPANIONS) {
      if (Files.isRegularFile(from.resolve(name))) {
        Files.createDirectories(to.resolve(name).getParent());
        Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
