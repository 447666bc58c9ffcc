package io.lakeloop.lm;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Rotary positions (Su et al. 2021, <a href="https://arxiv.org/abs/2104.09864">2104.09864</a>):
 * feature pair i is turned by {@code position * theta^(-2i/R)}, stretched for long contexts.
 *
 * @param theta base of the frequencies
 * @param size R, features of a head that are turned; the first ones, where it is less than the head
 * @param stretch what makes them reach further
 */
public record Rope(double theta, int size, RopeStretch stretch) {

  /**
   * Reads the keys of transformers 4 ({@code rope_theta}, {@code rope_scaling}) and of 5.
   *
   * @param theta base where the config names none
   */
  static Rope of(ConfigReader in, int headSize, double theta) {
    JsonNode parameters = in.inner("rope_parameters");
    return of(
        in,
        parameters.isEmpty() ? in.inner("rope_scaling") : parameters,
        "rope_theta",
        headSize,
        theta);
  }

  /**
   * Reads one of several ropes of a model.
   *
   * @param parameters of this rope, or empty
   * @param key of the config that has the base where the parameters have none
   */
  static Rope of(
      ConfigReader in, JsonNode parameters, String key, int headSize, double usualTheta) {
    double theta = in.real(parameters, "rope_theta", in.real(key, usualTheta));
    double share =
        in.real(parameters, "partial_rotary_factor", in.real("partial_rotary_factor", 1));
    int size = (int) (headSize * share);
    if (size < 2 || size > headSize || size % 2 != 0) {
      in.problem("%d of the %d features of a head cannot be rotated", size, headSize);
    }
    return new Rope(theta, size, RopeStretch.of(in, parameters, size, theta));
  }

  /** Angle per position of each of the pairs, in single precision. */
  float[] frequencies() {
    float[] frequencies = new float[size / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) stretch.frequency(i, Math.pow(theta, -2.0 * i / size));
    }
    return frequencies;
  }
}
