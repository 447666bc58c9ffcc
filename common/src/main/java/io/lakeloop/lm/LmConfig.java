package io.lakeloop.lm;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.lakeloop.config.Problems;

/**
 * Shape of a decoder-only language model, with the names of a Hugging Face {@code config.json} of
 * the Llama family: RMS norm before each block, rotary positions, gated SiLU, tied output head.
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record LmConfig(
    @JsonProperty("vocab_size") int vocabSize,
    @JsonProperty("hidden_size") int hiddenSize,
    @JsonProperty("intermediate_size") int intermediateSize,
    @JsonProperty("num_hidden_layers") int layers,
    @JsonProperty("num_attention_heads") int heads,
    @JsonProperty("max_position_embeddings") int maxPositions,
    @JsonProperty("rope_theta") double ropeTheta,
    @JsonProperty("rms_norm_eps") double rmsNormEpsilon) {

  public LmConfig {
    Problems.in("the model's config.json")
        .require(vocabSize > 0, "vocab_size must be positive, got %d", vocabSize)
        .require(layers > 0, "num_hidden_layers must be positive, got %d", layers)
        .require(
            heads > 0 && hiddenSize > 0 && hiddenSize % Math.max(1, 2 * heads) == 0,
            "hidden_size %d must be an even multiple of num_attention_heads %d",
            hiddenSize,
            heads)
        .require(
            intermediateSize > 0, "intermediate_size must be positive, got %d", intermediateSize)
        .require(
            maxPositions > 1, "max_position_embeddings must be at least 2, got %d", maxPositions)
        .throwIfAny();
  }

  int headSize() {
    return hiddenSize / heads;
  }

  @JsonProperty("model_type")
  public String modelType() {
    return "llama";
  }

  @JsonProperty("tie_word_embeddings")
  public boolean tieWordEmbeddings() {
    return true;
  }
}
