package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;

/**
 * Low-rank additions to a base's linear maps, with a scalar head of their own; held in single
 * precision whatever the base is held in. Weights are named as PEFT names them.
 */
final class Adapter implements AutoCloseable {
  static final String PREFIX = "base_model.model.";

  private final LoraConfig config;
  private final Precision precision;
  private final Parameters weights = new Parameters();

  /** Where the values of an adapter come from: an array of the name and shape. */
  @FunctionalInterface
  interface Values {
    NDArray of(String name, Shape shape) throws java.io.IOException;
  }

  Adapter(LmConfig model, LoraConfig config, Precision precision, Values values)
      throws java.io.IOException {
    this.config = config;
    this.precision = precision;
    for (Linear linear : config.targets(model)) {
      add(nameOfA(linear), new Shape(config.rank(), linear.inputs()), values);
      add(nameOfB(linear), new Shape(linear.outputs(), config.rank()), values);
    }
    add(PREFIX + Linear.SCALAR_HEAD, new Shape(1, model.hiddenSize()), values);
  }

  static String nameOfA(Linear linear) {
    return PREFIX + linear.name() + ".lora_A.weight";
  }

  static String nameOfB(Linear linear) {
    return PREFIX + linear.name() + ".lora_B.weight";
  }

  private void add(String name, Shape shape, Values values) throws java.io.IOException {
    weights.put(name, values.of(name, shape));
  }

  /** Precision of an adapter over a base of that precision. */
  static Precision precision(Precision base) {
    return base == Precision.FLOAT64 ? base : Precision.FLOAT32;
  }

  /** A as PEFT draws it, uniform within 1 / sqrt(inputs); B and the scalar head 0. */
  static Values initial(long seed, Compute.Memory memory, Precision precision) {
    return (name, shape) -> {
      float[] values = new float[(int) shape.size()];
      if (name.endsWith(".lora_A.weight")) {
        double bound = 1 / Math.sqrt(shape.get(1));
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (bound * (2 * CounterRandom.uniform(seed, name.hashCode(), i) - 1));
        }
      }
      return Kernels.cast(memory.constant(values, shape), precision);
    };
  }

  LoraConfig config() {
    return config;
  }

  Parameters weights() {
    return weights;
  }

  boolean adapts(Linear linear) {
    return weights.get(nameOfA(linear)) != null;
  }

  NDArray scalarHead() {
    return weights.get(PREFIX + Linear.SCALAR_HEAD);
  }

  /** Adds this adapter's share to {@code y}, the linear map's own result on x. */
  NDArray apply(Linear linear, NDArray x, NDArray y, long dropoutKey) {
    if (!adapts(linear)) {
      return y;
    }
    boolean dropped = dropoutKey != 0 && config.dropout() > 0;
    NDArray seen =
        dropped
            ? Kernels.dropout(
                x, config.dropout(), CounterRandom.bits(dropoutKey, linear.name().hashCode()) >>> 1)
            : x;
    return Kernels.lora(
        y, seen, weights.get(nameOfA(linear)), weights.get(nameOfB(linear)), config.scale());
  }

  /** {@code (alpha / rank) B A} in the layout of the linear map's weight. */
  NDArray product(Linear linear) {
    try (GradScope off = GradScope.off()) {
      NDArray product =
          weights.get(nameOfB(linear)).matMul(weights.get(nameOfA(linear))).mul(config.scale());
      return linear.transposed() ? product.transpose() : product;
    }
  }

  Precision precision() {
    return precision;
  }

  @Override
  public void close() {
    weights.close();
  }
}
