package io.lakeloop.reward;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.lm.safetensors.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A linear reward over hashed words: cheap, readable, and the baseline that others must beat. */
public final class LinearReward implements RewardModel {
  static final String WEIGHTS_FILE = "linear.safetensors";
  private static final String SETTINGS_FILE = "linear.json";

  private final double[] weights;
  private final Normalisation normalisation;

  LinearReward(double[] weights, Normalisation normalisation) {
    this.weights = weights;
    this.normalisation = normalisation;
  }

  static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(WEIGHTS_FILE));
  }

  static LinearReward open(Path folder) throws IOException {
    float[] stored = SafeTensors.open(folder.resolve(WEIGHTS_FILE)).get("weights").floats();
    double[] weights = new double[stored.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = stored[i];
    }
    return new LinearReward(
        weights,
        new ObjectMapper().readValue(folder.resolve(SETTINGS_FILE).toFile(), Normalisation.class));
  }

  @Override
  public void write(Path folder, Path companions) throws IOException {
    Files.createDirectories(folder);
    float[] stored = new float[weights.length];
    for (int i = 0; i < stored.length; i++) {
      stored[i] = (float) weights[i];
    }
    SafeTensors.write(
        folder.resolve(WEIGHTS_FILE),
        Map.of("weights", SafeTensors.of(new long[] {stored.length}, stored)));
    new ObjectMapper().writeValue(folder.resolve(SETTINGS_FILE).toFile(), normalisation);
  }

  @Override
  public double[] score(List<Exchange> exchanges) {
    return exchanges.stream()
        .mapToDouble(exchange -> normalisation.apply(HashedWords.dot(exchange, weights)))
        .toArray();
  }

  @Override
  public double[][] features(List<Exchange> exchanges) {
    return exchanges.stream().map(HashedWords::projected).toArray(double[][]::new);
  }

  @Override
  public Normalisation normalisation() {
    return normalisation;
  }

  @Override
  public LinearReward calibrated(double temperature) {
    return new LinearReward(weights, normalisation.calibrated(temperature));
  }
}
