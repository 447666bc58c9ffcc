package io.lakeloop.lm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Shape of a decoder-only language model and the parts that it is made of, as a Hugging Face {@code
 * config.json} tells them.
 *
 * @param json what was read, to be written back whole
 * @param kvHeads key and value heads, each shared by {@code heads / kvHeads} query heads
 * @param maxPositions longest sequence; no longer than a sliding window, which is not needed so
 * @param rope rotary positions, or null where positions are learned
 * @param gated true for the three-matrix MLP of Llama, false for the two of GPT-2
 * @param fusedQkv true where one matrix makes queries, keys and values
 * @param qkNorm true where queries and keys are normed per head before they are rotated
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
    Rope rope,
    Activation activation,
    boolean gated,
    boolean fusedQkv,
    boolean qkvBias,
    boolean outputBias,
    boolean mlpBias,
    boolean qkNorm,
    boolean tiedHead,
    TensorNames names) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int UNLIMITED = Integer.MAX_VALUE;

  /** What a block begins with. */
  public enum Norm {
    RMS,
    LAYER
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

    private static Activation of(String name) {
      return Arrays.stream(values())
          .filter(activation -> Arrays.asList(activation.names).contains(name))
          .findFirst()
          .orElse(null);
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
    ConfigReader in = new ConfigReader(json, where);
    String type = in.text("model_type", "");
    return switch (type) {
      case "llama" -> rotary(in, false, false, UNLIMITED);
      case "mistral" -> rotary(in, false, false, in.number("sliding_window", UNLIMITED));
      case "qwen2" -> rotary(in, true, false, slidingWindow(in));
      case "qwen3" -> rotary(in, false, true, slidingWindow(in));
      case "gpt2" -> gpt2(in);
      default ->
          throw new UserError(
              ErrorCode.CONFIG_INVALID,
              "Cannot load the model of %s: its model_type is '%s'; known are llama, mistral,"
                  + " qwen2, qwen3 and gpt2. Choose a model of one of these families.",
              where,
              type);
    };
  }

  private static int slidingWindow(ConfigReader in) {
    return in.flag("use_sliding_window", false)
        ? in.number("sliding_window", UNLIMITED)
        : UNLIMITED;
  }

  private static LmConfig rotary(ConfigReader in, boolean qkvBias, boolean qkNorm, int window) {
    int hidden = in.number("hidden_size");
    int heads = in.number("num_attention_heads");
    boolean bias = in.flag("attention_bias", false);
    LmConfig config =
        new LmConfig(
            in.json(),
            in.number("vocab_size"),
            hidden,
            in.number("intermediate_size"),
            in.number("num_hidden_layers"),
            heads,
            in.number("num_key_value_heads", heads),
            in.number("head_dim", hidden / Math.max(1, heads)),
            Math.min(in.number("max_position_embeddings"), window),
            Norm.RMS,
            in.real("rms_norm_eps", 1e-6),
            Rope.of(in),
            activation(in, "hidden_act", "silu"),
            true,
            false,
            qkvBias || bias,
            bias,
            in.flag("mlp_bias", false),
            qkNorm,
            in.flag("tie_word_embeddings", false),
            TensorNames.LLAMA);
    return config.checked(in);
  }

  private static LmConfig gpt2(ConfigReader in) {
    int hidden = in.number("n_embd");
    int heads = in.number("n_head");
    LmConfig config =
        new LmConfig(
            in.json(),
            in.number("vocab_size"),
            hidden,
            in.number("n_inner", 4 * hidden),
            in.number("n_layer"),
            heads,
            heads,
            hidden / Math.max(1, heads),
            in.number("n_positions"),
            Norm.LAYER,
            in.real("layer_norm_epsilon", 1e-5),
            null,
            activation(in, "activation_function", "gelu_new"),
            false,
            true,
            true,
            true,
            true,
            false,
            in.flag("tie_word_embeddings", true),
            TensorNames.GPT2);
    return config.checked(in);
  }

  private static Activation activation(ConfigReader in, String key, String usual) {
    Activation activation = Activation.of(in.text(key, usual));
    if (activation == null) {
      in.problem("%s '%s' is not known", key, in.text(key, usual));
    }
    return activation;
  }

  private LmConfig checked(ConfigReader in) {
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
            headSize > 0 && (rope == null || headSize % 2 == 0),
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
