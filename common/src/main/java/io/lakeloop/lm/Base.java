package io.lakeloop.lm;

import ai.djl.ndarray.types.Shape;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * What models over one base share: its weights, once in memory.
 *
 * @param linears linear maps of the layers by name
 * @param ropes rotary angles of the ropes that the layers have
 */
record Base(
    LmConfig config,
    Compute compute,
    Precision precision,
    Compute.Memory memory,
    Parameters weights,
    Map<String, Linear> linears,
    Map<Rope, RopeTable> ropes) {

  /**
   * Gathers the weights.
   *
   * @param source of a weight's values, given the memory that they shall lie in
   */
  static Base build(
      LmConfig config,
      Compute compute,
      Precision precision,
      Function<Compute.Memory, Adapter.Values> source)
      throws IOException {
    Compute.Memory memory = compute.memory();
    try {
      Parameters weights = new Parameters();
      Adapter.Values values = source.apply(memory);
      for (Map.Entry<String, Shape> entry : Linear.shapes(config).entrySet()) {
        weights.put(entry.getKey(), values.of(entry.getKey(), entry.getValue()));
      }
      weights.put(
          Linear.SCALAR_HEAD,
          Kernels.cast(
              memory.zeros(new Shape(1, config.hiddenSize())), Adapter.precision(precision)));
      Map<String, Linear> linears = new LinkedHashMap<>();
      Linear.of(config).forEach(linear -> linears.put(linear.name(), linear));
      Map<Rope, RopeTable> ropes = new LinkedHashMap<>();
      for (Rope rope : config.ropes()) {
        if (rope != null) {
          ropes.computeIfAbsent(
              rope, each -> new RopeTable(each, config.maxPositions(), memory, precision));
        }
      }
      return new Base(config, compute, precision, memory, weights, linears, ropes);
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }
}
