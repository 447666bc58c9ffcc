package io.lakeloop.lm;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Rotary positions (Su et al. 2021, <a href="https://arxiv.org/abs/2104.09864">2104.09864</a>):
 * feature pair i is turned by {@code position * theta^(-2i/E)}, stretched for long contexts.
 *
 * @param theta base of the frequencies
 * @param factor that wavelengths are stretched by; 1 for none
 * @param llama3 how Llama 3.1 limits the stretching to long wavelengths, or null to stretch all
 */
public record Rope(double theta, double factor, Llama3 llama3) {

  /**
   * Wavelengths below {@code original / high} stay, above {@code original / low} are stretched, and
   * in between go over smoothly (Dubey et al. 2024, <a
   * href="https://arxiv.org/abs/2407.21783">2407.21783</a>).
   */
  public record Llama3(double lowFactor, double highFactor, double originalPositions) {}

  /** Reads the keys of transformers 4 ({@code rope_theta}, {@code rope_scaling}) and of 5. */
  static Rope of(ConfigReader in) {
    JsonNode scaling = in.inner("rope_parameters");
    if (scaling.isEmpty()) {
      scaling = in.inner("rope_scaling");
    }
    double theta = in.real(scaling, "rope_theta", in.real("rope_theta", 10_000));
    String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    return switch (type) {
      case "default" -> new Rope(theta, 1, null);
      case "linear" -> new Rope(theta, in.real(scaling, "factor", 1), null);
      case "llama3" ->
          new Rope(
              theta,
              in.real(scaling, "factor", 1),
              new Llama3(
                  in.real(scaling, "low_freq_factor", 1),
                  in.real(scaling, "high_freq_factor", 4),
                  in.real(scaling, "original_max_position_embeddings", 8192)));
      default -> {
        in.problem("the rope type '%s' is not known: default, linear, llama3", type);
        yield new Rope(theta, 1, null);
      }
    };
  }

  /** Angle per position of each of the {@code headSize / 2} pairs, in single precision. */
  float[] frequencies(int headSize) {
    float[] frequencies = new float[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double frequency = Math.pow(theta, -2.0 * i / headSize);
      frequencies[i] = (float) (llama3 == null ? frequency / factor : stretched(frequency));
    }
    return frequencies;
  }

  private double stretched(double frequency) {
    double turns = llama3.originalPositions() * frequency / (2 * Math.PI);
    if (turns < llama3.lowFactor()) {
      return frequency / factor;
    }
    if (turns > llama3.highFactor()) {
      return frequency;
    }
    double smooth = (turns - llama3.lowFactor()) / (llama3.highFactor() - llama3.lowFactor());
    return (1 - smooth) * frequency / factor + smooth * frequency;
  }
}
