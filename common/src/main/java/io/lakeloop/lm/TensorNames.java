package io.lakeloop.lm;

/**
 * What a family calls its tensors; names below {@code layer} follow the layer's prefix.
 *
 * @param positions table of learned positions, or null
 * @param query makes queries alone, or queries, keys and values where they are fused
 * @param gate gate of the MLP, or null where there is none
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
    String mlpNorm,
    String gate,
    String up,
    String down,
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
          "post_attention_layernorm",
          "mlp.gate_proj",
          "mlp.up_proj",
          "mlp.down_proj",
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
          "ln_2",
          null,
          "mlp.c_fc",
          "mlp.c_proj",
          "transformer.ln_f",
          "lm_head");

  /** Prefix of a layer's names. */
  String layer(int layer) {
    return this.layer + layer + ".";
  }
}
