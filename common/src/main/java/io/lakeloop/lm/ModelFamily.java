package io.lakeloop.lm;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The families of models whose config.json is understood, and what each makes of its keys, as
 * transformers' {@code configuration_*.py} and {@code modeling_*.py} do.
 */
final class ModelFamily {
  private static final int UNLIMITED = Integer.MAX_VALUE;

  /** More of them are found to be too many where the tensors are looked for. */
  private static final int MOST_LAYERS = 10_000;

  private final ConfigReader in;
  private final int hidden;
  private final int heads;
  private final int headSize;
  private final int layers;

  private ModelFamily(ConfigReader in, int usualHeadSize) {
    this.in = in;
    hidden = in.number("hidden_size");
    heads = in.number("num_attention_heads");
    layers = in.number("num_hidden_layers");
    headSize =
        in.number("head_dim", usualHeadSize > 0 ? usualHeadSize : hidden / Math.max(1, heads));
  }

  /**
   * Reads a config.
   *
   * @param where it stands, for messages
   * @throws UserError CONFIG_INVALID if the model type is unknown, the weights are quantised, or
   *     numbers do not fit
   */
  static LmConfig read(ConfigReader in, String where) {
    requireUnquantised(in, where);
    String type = in.text("model_type", "");
    return switch (type) {
      case "llama" -> plain(in).config(UNLIMITED);
      case "mistral" -> plain(in).config(in.number("sliding_window", UNLIMITED));
      case "qwen2" -> plain(in).qkvBias().config(slidingWindow(in));
      case "qwen3" -> plain(in).qkNorm(LmConfig.QkNorm.HEAD).config(slidingWindow(in));
      case "phi3" -> plain(in).phi3();
      case "olmo2" -> plain(in).olmo2();
      case "smollm3" -> plain(in).smolLm3();
      case "granite" -> plain(in).granite();
      case "gemma" -> new ModelFamily(in, 256).gemma();
      case "gemma2" -> new ModelFamily(in, 256).gemma2();
      case "gemma3_text" -> new ModelFamily(in, 256).gemma3();
      case "gpt2" -> gpt2(in);
      default -> throw unknown(type, where);
    };
  }

  private static UserError unknown(String type, String where) {
    return new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot load the model of %s: its model_type is '%s'; known are llama, mistral, qwen2, qwen3,"
            + " phi3, olmo2, smollm3, granite, gemma, gemma2, gemma3_text and gpt2. Choose a model"
            + " of one of these families.",
        where,
        type);
  }

  private static void requireUnquantised(ConfigReader in, String where) {
    JsonNode quantised = in.inner("quantization_config");
    if (quantised.isEmpty()) {
      return;
    }
    String bits = quantised.path("load_in_4bit").asBoolean() ? "4-bit " : "";
    throw new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot load the model of %s: its weights are quantised (%s%s), which is for inference only."
            + " Fetch the model as it was before, in bfloat16, float16 or float32.",
        where,
        bits,
        quantised.path("quant_method").asText("no quant_method is given"));
  }

  private static ModelFamily plain(ConfigReader in) {
    return new ModelFamily(in, 0);
  }

  // What most families share; each changes what is its own.
  private LmConfig.Norm norm = LmConfig.Norm.RMS;
  private double usualTheta = 10_000;
  private boolean usualTie;
  private boolean qkvBias;
  private LmConfig.QkNorm qkNorm = LmConfig.QkNorm.NONE;
  private String activationKey = "hidden_act";
  private String usualActivation = "silu";
  private Scales scales = Scales.NONE;
  private TensorNames names = TensorNames.LLAMA;
  private List<Rope> ropes;

  private ModelFamily qkvBias() {
    qkvBias = true;
    return this;
  }

  private ModelFamily qkNorm(LmConfig.QkNorm qkNorm) {
    this.qkNorm = qkNorm;
    return this;
  }

  private static int slidingWindow(ConfigReader in) {
    return in.flag("use_sliding_window", false)
        ? in.number("sliding_window", UNLIMITED)
        : UNLIMITED;
  }

  private LmConfig phi3() {
    names = TensorNames.PHI3;
    return config(in.number("sliding_window", UNLIMITED));
  }

  private LmConfig olmo2() {
    names = TensorNames.POST;
    return qkNorm(LmConfig.QkNorm.WHOLE).config(UNLIMITED);
  }

  private LmConfig smolLm3() {
    usualTie = true;
    usualTheta = 2_000_000;
    Rope rope = rope();
    ropes = new ArrayList<>();
    List<Integer> turned = in.numbers("no_rope_layers");
    int interval = Math.max(1, in.number("no_rope_layer_interval", 4));
    for (int i = 0; i < Math.min(layers, MOST_LAYERS); i++) {
      boolean turns = turned.isEmpty() ? (i + 1) % interval != 0 : turned.get(i) != 0;
      ropes.add(turns ? rope : null);
    }
    return config(slidingWindow(in));
  }

  private LmConfig granite() {
    scales =
        new Scales(
            in.real("embedding_multiplier", 1),
            in.real("attention_multiplier", 1) * Math.sqrt(headSize),
            in.real("residual_multiplier", 1),
            1 / in.real("logits_scaling", 1),
            0,
            0);
    return config(UNLIMITED);
  }

  private LmConfig gemma() {
    gemmaParts(1, 0, 0);
    return config(UNLIMITED);
  }

  private void gemmaParts(double attention, double attentionCap, double logitCap) {
    norm = LmConfig.Norm.RMS_ONE;
    usualTie = true;
    activationKey = in.has("hidden_activation") ? "hidden_activation" : "hidden_act";
    usualActivation = "gelu_pytorch_tanh";
    scales = new Scales(Math.sqrt(hidden), attention, 1, 1, attentionCap, logitCap);
  }

  private LmConfig gemma2() {
    gemmaParts(queryScale(), in.cap("attn_logit_softcapping"), in.cap("final_logit_softcapping"));
    names = TensorNames.SANDWICH;
    return config(in.number("sliding_window", UNLIMITED));
  }

  private double queryScale() {
    return Math.sqrt(headSize / in.real("query_pre_attn_scalar", 256));
  }

  private LmConfig gemma3() {
    if (in.flag("use_bidirectional_attention", false)) {
      in.problem("it attends in both directions (use_bidirectional_attention)");
    }
    JsonNode both = in.inner("rope_parameters");
    boolean nested = both.has("full_attention");
    JsonNode scaling = in.inner("rope_scaling");
    Rope global =
        Rope.of(
            in,
            nested ? both.path("full_attention") : both.isEmpty() ? scaling : both,
            "rope_theta",
            headSize,
            1_000_000);
    Rope local =
        Rope.of(in, both.path("sliding_attention"), "rope_local_base_freq", headSize, 10_000);
    List<String> types = in.texts("layer_types");
    int pattern = Math.max(1, in.number("sliding_window_pattern", 6));
    ropes = new ArrayList<>();
    for (int i = 0; i < Math.min(layers, MOST_LAYERS); i++) {
      boolean slides =
          types.isEmpty() ? (i + 1) % pattern != 0 : types.get(i).equals("sliding_attention");
      ropes.add(slides ? local : global);
    }
    qkNorm(LmConfig.QkNorm.HEAD);
    return gemma2();
  }

  private Rope rope() {
    return Rope.of(in, headSize, usualTheta);
  }

  /**
   * @param window of attention, which sequences shall not be longer than
   */
  private LmConfig config(int window) {
    boolean bias = in.flag("attention_bias", false);
    List<Rope> kinds = ropes == null ? List.of(rope()) : ropes;
    List<Rope> each =
        ropes == null ? Collections.nCopies(Math.max(0, layers), kinds.get(0)) : ropes;
    return new LmConfig(
            in.json(),
            in.number("vocab_size"),
            hidden,
            in.number("intermediate_size"),
            layers,
            heads,
            in.number("num_key_value_heads", heads),
            headSize,
            Math.min(in.number("max_position_embeddings"), Math.min(window, reach(kinds))),
            norm,
            in.real("rms_norm_eps", 1e-6),
            each,
            activation(in, activationKey, usualActivation),
            true,
            qkvBias || bias,
            bias,
            in.flag("mlp_bias", false),
            qkNorm,
            scales,
            in.flag("tie_word_embeddings", usualTie),
            names)
        .checked(in);
  }

  private static int reach(List<Rope> ropes) {
    return ropes.stream()
        .filter(rope -> rope != null)
        .mapToInt(rope -> rope.stretch().positions())
        .min()
        .orElse(UNLIMITED);
  }

  private static LmConfig gpt2(ConfigReader in) {
    int hidden = in.number("n_embd");
    int heads = in.number("n_head");
    return new LmConfig(
            in.json(),
            in.number("vocab_size"),
            hidden,
            in.number("n_inner", 4 * hidden),
            in.number("n_layer"),
            heads,
            heads,
            hidden / Math.max(1, heads),
            in.number("n_positions"),
            LmConfig.Norm.LAYER,
            in.real("layer_norm_epsilon", 1e-5),
            List.of(),
            activation(in, "activation_function", "gelu_new"),
            false,
            true,
            true,
            true,
            LmConfig.QkNorm.NONE,
            Scales.NONE,
            in.flag("tie_word_embeddings", true),
            TensorNames.GPT2)
        .checked(in);
  }

  private static LmConfig.Activation activation(ConfigReader in, String key, String usual) {
    String name = in.text(key, usual);
    // Gemma's first configs say gelu and mean its approximation.
    boolean gemma = in.text("model_type", "").equals("gemma") && name.equals("gelu");
    LmConfig.Activation activation =
        Arrays.stream(LmConfig.Activation.values())
            .filter(each -> each.isNamed(gemma ? usual : name))
            .findFirst()
            .orElse(null);
    if (activation == null) {
      in.problem("%s '%s' is not known", key, name);
    }
    return activation;
  }
}
