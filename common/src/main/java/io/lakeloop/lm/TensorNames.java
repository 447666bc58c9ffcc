package io.lakeloop.lm;

/**
 * What a family calls its tensors; names of attention, MLP and norms follow the layer's prefix.
 *
 * @param positions table of learned positions, or null
 */
record TensorNames(
    String embedding,
    String positions,
    String layer,
    Attention attention,
    Mlp mlp,
    Norms norms,
    String finalNorm,
    String head) {

  /**
   * @param query makes queries alone, or queries, keys and values where {@code key} is null
   */
  record Attention(
      String query, String key, String value, String queryNorm, String keyNorm, String output) {}

  /**
   * @param gate null where {@code up} makes it too or there is none
   */
  record Mlp(String gate, String up, String down) {}

  /**
   * Where a layer has norms; null where it has none.
   *
   * @param attention in front of attention
   * @param attentionPost behind attention, before it is added
   * @param mlp in front of the MLP
   * @param mlpPost behind the MLP, before it is added
   */
  record Norms(String attention, String attentionPost, String mlp, String mlpPost) {}

  private static final Attention SEPARATE =
      new Attention(
          "self_attn.q_proj",
          "self_attn.k_proj",
          "self_attn.v_proj",
          "self_attn.q_norm",
          "self_attn.k_norm",
          "self_attn.o_proj");
  private static final Mlp GATED = new Mlp("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj");
  private static final Norms IN_FRONT =
      new Norms("input_layernorm", null, "post_attention_layernorm", null);

  static final TensorNames LLAMA = likeLlama(SEPARATE, GATED, IN_FRONT);

  static final TensorNames GPT2 =
      new TensorNames(
          "transformer.wte",
          "transformer.wpe",
          "transformer.h.",
          new Attention("attn.c_attn", null, null, null, null, "attn.c_proj"),
          new Mlp(null, "mlp.c_fc", "mlp.c_proj"),
          new Norms("ln_1", null, "ln_2", null),
          "transformer.ln_f",
          "lm_head");

  /** Phi-3: one matrix for queries, keys and values, one for gate and up. */
  static final TensorNames PHI3 =
      likeLlama(
          new Attention("self_attn.qkv_proj", null, null, null, null, "self_attn.o_proj"),
          new Mlp(null, "mlp.gate_up_proj", "mlp.down_proj"),
          IN_FRONT);

  /** Gemma 2 and 3: norms in front of and behind both halves of a layer. */
  static final TensorNames SANDWICH =
      likeLlama(
          SEPARATE,
          GATED,
          new Norms(
              "input_layernorm",
              "post_attention_layernorm",
              "pre_feedforward_layernorm",
              "post_feedforward_layernorm"));

  /** OLMo 2: norms behind the halves alone. */
  static final TensorNames POST =
      likeLlama(
          SEPARATE,
          GATED,
          new Norms(null, "post_attention_layernorm", null, "post_feedforward_layernorm"));

  private static TensorNames likeLlama(Attention attention, Mlp mlp, Norms norms) {
    return new TensorNames(
        "model.embed_tokens",
        null,
        "model.layers.",
        attention,
        mlp,
        norms,
        "model.norm",
        "lm_head");
  }

  /** Prefix of a layer's names. */
  String layer(int layer) {
    return this.layer + layer + ".";
  }
}
