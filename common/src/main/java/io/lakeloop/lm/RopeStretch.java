package io.lakeloop.lm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * How rotary positions are made to reach further than the model first learned, as transformers
 * computes it ({@code modeling_rope_utils.py}); only forms whose angles hold for every length.
 */
sealed interface RopeStretch {
  RopeStretch NONE = new Linear(1);

  /** The stretched frequency of pair i. */
  double frequency(int i, double plain);

  /** What cosines and sines are multiplied by. */
  default double attention() {
    return 1;
  }

  /** The longest sequence that the stretching holds for. */
  default int positions() {
    return Integer.MAX_VALUE;
  }

  /** Every wavelength by the factor (Chen et al. 2023, 2306.15595). */
  record Linear(double factor) implements RopeStretch {
    @Override
    public double frequency(int i, double plain) {
      return plain / factor;
    }
  }

  /**
   * Wavelengths below {@code original / high} stay, above {@code original / low} are stretched, and
   * in between go over smoothly (Dubey et al. 2024, <a
   * href="https://arxiv.org/abs/2407.21783">2407.21783</a>).
   */
  record Llama3(double factor, double low, double high, double original) implements RopeStretch {
    @Override
    public double frequency(int i, double plain) {
      double turns = original * plain / (2 * Math.PI);
      if (turns < low) {
        return plain / factor;
      }
      if (turns > high) {
        return plain;
      }
      double smooth = (turns - low) / (high - low);
      return (1 - smooth) * plain / factor + smooth * plain;
    }
  }

  /**
   * Pairs up to {@code low} stay, from {@code high} on are stretched, and in between go over in a
   * line (YaRN, Peng et al. 2023, <a href="https://arxiv.org/abs/2309.00071">2309.00071</a>).
   */
  record Yarn(double factor, double low, double high, double attention) implements RopeStretch {
    @Override
    public double frequency(int i, double plain) {
      double ramp = Math.max(0, Math.min(1, (i - low) / (high - low)));
      return plain / factor * ramp + plain * (1 - ramp);
    }
  }

  /**
   * Each wavelength by a factor of its own (LongRoPE, Ding et al. 2024, <a
   * href="https://arxiv.org/abs/2402.13753">2402.13753</a>). Beyond the original length others
   * would hold for all positions, so sequences end there.
   */
  record LongRope(List<Double> factors, double attention, int positions) implements RopeStretch {
    @Override
    public double frequency(int i, double plain) {
      return plain / factors.get(i);
    }
  }

  /** Reads {@code rope_type} (in older configs {@code type}) and what belongs to it. */
  static RopeStretch of(ConfigReader in, JsonNode json, int size, double theta) {
    String type = json.path("rope_type").asText(json.path("type").asText("default"));
    return switch (type) {
      // Dynamic stretching begins behind max_position_embeddings, where sequences end here.
      case "default", "dynamic" -> NONE;
      case "linear" -> new Linear(in.real(json, "factor", 1));
      case "llama3" ->
          new Llama3(
              in.real(json, "factor", 1),
              in.real(json, "low_freq_factor", 1),
              in.real(json, "high_freq_factor", 4),
              original(in, json, 8192));
      case "yarn" -> yarn(in, json, size, theta);
      case "longrope", "su" -> longRope(in, json, size);
      default -> {
        in.problem(
            "the rope type '%s' is not known: default, linear, dynamic, llama3, yarn, longrope",
            type);
        yield NONE;
      }
    };
  }

  private static double original(ConfigReader in, JsonNode json, double absent) {
    String key = "original_max_position_embeddings";
    return in.real(key, in.real(json, key, absent));
  }

  private static Yarn yarn(ConfigReader in, JsonNode json, int size, double theta) {
    double longest = in.number("max_position_embeddings", 1);
    double original = original(in, json, longest);
    double factor = in.real(json, "factor", longest / original);
    double low = pair(in.real(json, "beta_fast", 32), original, size, theta);
    double high = pair(in.real(json, "beta_slow", 1), original, size, theta);
    if (json.path("truncate").asBoolean(true)) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, size - 1);
    return new Yarn(
        factor,
        low,
        low == high ? high + 0.001 : high,
        in.real(json, "attention_factor", yarnAttention(in, json, factor)));
  }

  /** The pair that makes so many turns within the original length. */
  private static double pair(double turns, double original, int size, double theta) {
    return size * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private static double yarnAttention(ConfigReader in, JsonNode json, double factor) {
    boolean both = json.path("mscale").asDouble() > 0 && json.path("mscale_all_dim").asDouble() > 0;
    return both
        ? scale(factor, in.real(json, "mscale", 1))
            / scale(factor, in.real(json, "mscale_all_dim", 1))
        : scale(factor, 1);
  }

  private static double scale(double factor, double weight) {
    return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
  }

  private static RopeStretch longRope(ConfigReader in, JsonNode json, int size) {
    double longest = in.number("max_position_embeddings", 1);
    double original = original(in, json, longest);
    double factor = in.real(json, "factor", longest / original);
    double attention = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
    List<Double> factors = new ArrayList<>();
    json.path("short_factor").forEach(each -> factors.add(each.asDouble()));
    if (factors.size() != size / 2 || factors.stream().anyMatch(each -> !(each > 0))) {
      in.problem(
          "the rope type 'longrope' needs %d positive numbers as short_factor, got %d",
          size / 2, factors.size());
      return NONE;
    }
    return new LongRope(
        List.copyOf(factors), in.real(json, "attention_factor", attention), (int) original);
  }
}
