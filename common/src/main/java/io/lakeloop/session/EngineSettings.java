package io.lakeloop.session;

import io.lakeloop.config.Problems;
import io.lakeloop.lm.LoraConfig;
import io.lakeloop.lm.torch.Precision;
import java.io.Serializable;

/**
 * How a language model is held in memory and trained. None of it changes what is computed beyond
 * rounding, but for {@code lora}, which chooses the weights that are trained.
 *
 * @param precision of the base; with bfloat16 only an adapter can be trained
 * @param lora adapter to be trained; rank 0 trains all weights
 * @param packing several short sequences share a row
 * @param recompute activations are computed again on the way back rather than kept
 * @param microbatchRows sequences run at once; gradients are accumulated over the rest
 */
public record EngineSettings(
    Precision precision, LoraConfig lora, boolean packing, boolean recompute, int microbatchRows)
    implements Serializable {
  public EngineSettings {
    Problems.in("engine")
        .require(
            microbatchRows >= 1,
            "engine.microbatch-rows must be at least 1, got %d",
            microbatchRows)
        .require(
            lora == null || lora.rank() <= 16_384,
            "engine.lora.rank must be at most 16384, got %d",
            lora == null ? 0 : lora.rank())
        .require(
            precision == null || precision != Precision.BFLOAT16 || lora == null || !lora.none(),
            "engine.precision is bfloat16, in which only adapters are trained, but"
                + " engine.lora.rank is 0")
        .require(
            precision != Precision.FLOAT64,
            "engine.precision float64 is for checks: choose float32 or bfloat16")
        .throwIfAny();
  }

  /** Single precision, all weights, nothing packed or computed twice. */
  public static EngineSettings plain(int microbatchRows) {
    return new EngineSettings(
        Precision.FLOAT32,
        new LoraConfig(0, 1, 0, java.util.List.of()),
        false,
        false,
        microbatchRows);
  }
}
