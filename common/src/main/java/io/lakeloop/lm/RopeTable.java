package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;

/** Cosines and sines of the rotary angles by position, grown as longer sequences come. */
final class RopeTable {
  private static final int FIRST_LENGTH = 128;

  private final LmConfig config;
  private final Compute.Memory memory;
  private final Precision precision;
  private int length;
  private NDArray cos;
  private NDArray sin;

  RopeTable(LmConfig config, Compute.Memory memory, Precision precision) {
    this.config = config;
    this.memory = memory;
    this.precision = precision;
  }

  /** Angles of one pass, each (rows, T, 1, E). */
  record Angles(NDArray cos, NDArray sin) {}

  /**
   * Looks positions up.
   *
   * @param positions (rows T)
   * @param needed greatest position + 1
   */
  Angles at(NDArray positions, int rows, int needed) {
    grow(needed);
    Shape shape = new Shape(rows, positions.size() / rows, 1, config.headSize());
    return new Angles(
        Kernels.embedding(cos, positions).reshape(shape),
        Kernels.embedding(sin, positions).reshape(shape));
  }

  private synchronized void grow(int needed) {
    if (needed <= length) {
      return;
    }
    int grown = Math.max(FIRST_LENGTH, length);
    while (grown < needed) {
      grown *= 2;
    }
    grown = Math.max(needed, Math.min(grown, config.maxPositions()));
    int size = config.headSize();
    float[] frequencies = config.rope().frequencies(size);
    float[] cosines = new float[grown * size];
    float[] sines = new float[grown * size];
    for (int position = 0; position < grown; position++) {
      for (int i = 0; i < size; i++) {
        // Single precision, as transformers has it: far positions depend on it.
        float angle = position * frequencies[i % (size / 2)];
        cosines[position * size + i] = (float) Math.cos(angle);
        sines[position * size + i] = (float) (i < size / 2 ? -Math.sin(angle) : Math.sin(angle));
      }
    }
    cos = replaced(cos, cosines, new Shape(grown, size));
    sin = replaced(sin, sines, new Shape(grown, size));
    length = grown;
  }

  private NDArray replaced(NDArray old, float[] values, Shape shape) {
    NDArray fresh;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      fresh = Kernels.cast(memory.constant(values, shape), precision);
      NDScope.unregister(fresh);
    }
    if (old != null) {
      old.close();
    }
    return fresh;
  }
}
