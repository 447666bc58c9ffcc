package io.lakeloop.lm;

/**
 * What a family calls its tensors; names below {@code layer} follow the layer's prefix.
 *
 * @param positions table of learned positions, or null
 * @param attentionNorm in front of attention, or null
 * @param query makes queries alone, or queries, keys and values where {@code key} is null
 * @param attentionPostNorm behind attention, before it is added, or null
 * @param mlpNorm in front of the MLP, or null
 * @param gate gate of the MLP, or null where {@code up} makes it too or there is none
 * @param mlpPostNorm behind the MLP, before it is added, or null
 */
record TensorNames(
    String embedding,
    String positions,
    String layer,
    String attentionNorm,
    String query,
    String key,
    String value,
    String queryNorm,
    String keyNorm,
    String attentionOutput,
    String attentionPostNorm,
    String mlpNorm,
    String gate,
    String up,
    String down,
    String mlpPostNorm,
    String finalNorm,
    String head) {

  static final TensorNames LLAMA =
      new TensorNames(
          "model.embed_tokens",
          null,
          "model.layers.",
          "input_layernorm",
          "self_attn.q_proj",
          "self_attn.k_proj",
          "self_attn.v_proj",
          "self_attn.q_norm",
          "self_attn.k_norm",
          "self_attn.o_proj",
          null,
          "post_attention_layernorm",
          "mlp.gate_proj",
          "mlp.up_proj",
          "mlp.down_proj",
          null,
          "model.norm",
          "lm_head");

  static final TensorNames GPT2 =
      new TensorNames(
          "transformer.wte",
          "transformer.wpe",
          "transformer.h.",
          "ln_1",
          "attn.c_attn",
          null,
          null,
          null,
          null,
          "attn.c_proj",
          null,
          "ln_2",
          null,
          "mlp.c_fc",
          "mlp.c_proj",
          null,
          "transformer.ln_f",
          "lm_head");

  /** Phi-3: one matrix for queries, keys and values, one for gate and up. */
  static final TensorNames PHI3 =
      LLAMA.with("self_attn.qkv_proj", null, null, null, "mlp.gate_up_proj");

  /** Gemma 2 and 3: norms in front of and behind both halves of a layer. */
  static final TensorNames SANDWICH =
      LLAMA.withNorms(
          LLAMA.attentionNorm,
          "post_attention_layernorm",
          "pre_feedforward_layernorm",
          "post_feedforward_layernorm");

  /** OLMo 2: norms behind the halves alone. */
  static final TensorNames POST =
      LLAMA.withNorms(null, "post_attention_layernorm", null, "post_feedforward_layernorm");

  private TensorNames with(String query, String key, String value, String gate, String up) {
    return new TensorNames(
        embedding,
        positions,
        layer,
        attentionNorm,
        query,
        key,
        value,
        queryNorm,
        keyNorm,
        attentionOutput,
        attentionPostNorm,
        mlpNorm,
        gate,
        up,
        down,
        mlpPostNorm,
        finalNorm,
        head);
  }

  private TensorNames withNorms(
      String attentionNorm, String attentionPostNorm, String mlpNorm, String mlpPostNorm) {
    return new TensorNames(
        embedding,
        positions,
        layer,
        attentionNorm,
        query,
        key,
        value,
        queryNorm,
        keyNorm,
        attentionOutput,
        attentionPostNorm,
        mlpNorm,
        gate,
        up,
        down,
        mlpPostNorm,
        finalNorm,
        head);
  }

  /** Prefix of a layer's names. */
  String layer(int layer) {
    return this.layer + layer + ".";
  }
}
