package io.lakeloop.lm;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Shape of a decoder-only language model and the parts that it is made of, as a Hugging Face {@code
 * config.json} tells them.
 *
 * @param json what was read, to be written back whole
 * @param kvHeads key and value heads, each shared by {@code heads / kvHeads} query heads
 * @param maxPositions longest sequence; no longer than a sliding window, which is not needed so
 * @param ropes rotary positions of each layer, null for a layer without; empty where positions are
 *     learned
 * @param gated true for the three-matrix MLP of Llama, false for the two of GPT-2
 * @param qkNorm how queries and keys are normed before they are rotated
 * @param tiedHead true where the output head is the embedding
 * @param names of the tensors
 */
public record LmConfig(
    ObjectNode json,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headSize,
    int maxPositions,
    Norm norm,
    double normEpsilon,
    List<Rope> ropes,
    Activation activation,
    boolean gated,
    boolean qkvBias,
    boolean outputBias,
    boolean mlpBias,
    QkNorm qkNorm,
    Scales scales,
    boolean tiedHead,
    TensorNames names) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Norms: RMSNorm, the same with its weight counted from 1, LayerNorm. */
  public enum Norm {
    RMS,
    RMS_ONE,
    LAYER
  }

  /** Whether queries and keys are normed, head by head or all heads as one. */
  public enum QkNorm {
    NONE,
    HEAD,
    WHOLE
  }

  /** Non-linearity of the MLP. */
  public enum Activation {
    SILU("silu"),
    GELU("gelu"),
    GELU_TANH("gelu_new", "gelu_pytorch_tanh");

    private final String[] names;

    Activation(String... names) {
      this.names = names;
    }

    boolean isNamed(String name) {
      return Arrays.asList(names).contains(name);
    }
  }

  /**
   * What every job asks of a shape in its settings: no matrix may have more numbers than an int.
   */
  public static Problems checked(
      Problems problems,
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads) {
    return problems
        .require(
            vocabSize >= 1 && vocabSize <= 1_000_000,
            "model.vocab-size must lie in 1..1000000, got %d",
            vocabSize)
        .require(
            hiddenSize >= 1 && hiddenSize <= 16_384,
            "model.hidden-size must lie in 1..16384, got %d",
            hiddenSize)
        .require(
            (long) vocabSize * hiddenSize <= Integer.MAX_VALUE,
            "model.vocab-size x model.hidden-size must be at most %d, got %d x %d",
            Integer.MAX_VALUE,
            vocabSize,
            hiddenSize)
        .require(
            intermediateSize >= 1 && intermediateSize <= 65_536,
            "model.intermediate-size must lie in 1..65536, got %d",
            intermediateSize)
        .require(layers >= 1 && layers <= 1000, "model.layers must lie in 1..1000, got %d", layers)
        .require(heads >= 1 && heads <= 1024, "model.heads must lie in 1..1024, got %d", heads);
  }

  /** A new model in the shape of Llama, whose output head is the embedding. */
  public static LmConfig llama(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads,
      int kvHeads,
      int maxPositions) {
    ObjectNode json = JSON.createObjectNode();
    json.putArray("architectures").add("LlamaForCausalLM");
    json.put("model_type", "llama");
    json.put("vocab_size", vocabSize);
    json.put("hidden_size", hiddenSize);
    json.put("intermediate_size", intermediateSize);
    json.put("num_hidden_layers", layers);
    json.put("num_attention_heads", heads);
    json.put("num_key_value_heads", kvHeads);
    json.put("max_position_embeddings", maxPositions);
    json.put("hidden_act", "silu");
    json.put("rms_norm_eps", 1e-5);
    json.put("rope_theta", 10_000.0);
    json.put("tie_word_embeddings", true);
    return of(json, "the new model");
  }

  /**
   * Reads a model folder's config.json.
   *
   * @throws UserError where it is no JSON, its model type is unknown or its numbers do not fit
   */
  public static LmConfig read(Path configJson) throws IOException {
    JsonNode json = ModelJson.read(configJson);
    if (json instanceof ObjectNode object) {
      return of(object, configJson.toString());
    }
    throw new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot read %s: it is not a JSON object. Fetch the model again.",
        configJson);
  }

  static LmConfig of(ObjectNode json, String where) {
    return ModelFamily.read(new ConfigReader(json, where), where);
  }

  /** Number of weights, the scalar head excepted. */
  public long parameters() {
    return Linear.shapes(this).values().stream().mapToLong(Shape::size).sum();
  }

  /** Number of weights of adapters of a rank on all linear maps. */
  public long adapterParameters(int rank) {
    return Linear.of(this).stream()
        .mapToLong(linear -> (long) rank * (linear.inputs() + linear.outputs()))
        .sum();
  }

  /** True where one matrix makes queries, keys and values. */
  public boolean fusedQkv() {
    return names.attention().key() == null;
  }

  /** True where one matrix makes the gate and what it gates. */
  boolean fusedGate() {
    return gated && names.mlp().gate() == null;
  }

  /** True where linear weights are stored (inputs, outputs), as in GPT-2. */
  boolean transposed() {
    return names == TensorNames.GPT2;
  }

  /** The same model with another number of embedding rows, and a head of its own or none. */
  LmConfig fitted(int rows, boolean tied) {
    if (rows == vocabSize && tied == tiedHead) {
      return this;
    }
    ObjectNode changed = json.deepCopy();
    changed.put("vocab_size", rows).put("tie_word_embeddings", tied);
    return new LmConfig(
        changed,
        rows,
        hiddenSize,
        intermediateSize,
        layers,
        heads,
        kvHeads,
        headSize,
        maxPositions,
        norm,
        normEpsilon,
        ropes,
        activation,
        gated,
        qkvBias,
        outputBias,
        mlpBias,
        qkNorm,
        scales,
        tied,
        names);
  }

  LmConfig checked(ConfigReader in) {
    Problems problems = in.problems();
    problems
        .require(vocabSize > 0, "vocab_size must be positive, got %d", vocabSize)
        .require(hiddenSize > 0, "the hidden size must be positive, got %d", hiddenSize)
        .require(
            intermediateSize > 0,
            "the intermediate size must be positive, got %d",
            intermediateSize)
        .require(layers > 0, "the number of layers must be positive, got %d", layers)
        .require(heads > 0, "the number of heads must be positive, got %d", heads)
        .require(
            kvHeads > 0 && heads % Math.max(1, kvHeads) == 0,
            "%d query heads cannot share %d key heads evenly",
            heads,
            kvHeads)
        .require(
            headSize > 0 && (ropes.isEmpty() || headSize % 2 == 0),
            "the head size %d must be even and positive",
            headSize)
        .require(
            gated || hiddenSize == heads * headSize,
            "the hidden size %d must be a multiple of the %d heads",
            hiddenSize,
            heads)
        .require(maxPositions > 1, "at least 2 positions are needed, got %d", maxPositions)
        .throwIfAny();
    return this;
  }
}
