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

  private final Rope rope;
  private final int longest;
  private final Compute.Memory memory;
  private final Precision precision;
  private volatile Grown grown = new Grown(0, null, null);

  /**
   * @param longest sequence of the model
   */
  RopeTable(Rope rope, int longest, Compute.Memory memory, Precision precision) {
    this.rope = rope;
    this.longest = longest;
    this.memory = memory;
    this.precision = precision;
  }

  /** What is known so far; passes of other threads may still read what it has outgrown. */
  private record Grown(int length, NDArray cos, NDArray sin) {}

  /** Angles of one pass, each (rows, T, 1, R) for the R features that are turned. */
  record Angles(NDArray cos, NDArray sin) {}

  /**
   * Looks positions up.
   *
   * @param positions (rows T)
   * @param needed greatest position + 1
   */
  Angles at(NDArray positions, int rows, int needed) {
    Grown table = grown(needed);
    Shape shape = new Shape(rows, positions.size() / rows, 1, rope.size());
    return new Angles(
        Kernels.embedding(table.cos(), positions).reshape(shape),
        Kernels.embedding(table.sin(), positions).reshape(shape));
  }

  private synchronized Grown grown(int needed) {
    if (needed <= grown.length()) {
      return grown;
    }
    int length = Math.max(FIRST_LENGTH, grown.length());
    while (length < needed) {
      length *= 2;
    }
    length = Math.max(needed, Math.min(length, longest));
    int size = rope.size();
    float scale = (float) rope.stretch().attention();
    float[] frequencies = rope.frequencies();
    float[] cosines = new float[length * size];
    float[] sines = new float[length * size];
    for (int position = 0; position < length; position++) {
      for (int i = 0; i < size; i++) {
        // Single precision, as transformers has it: far positions depend on it.
        float angle = position * frequencies[i % (size / 2)];
        cosines[position * size + i] = scale * (float) Math.cos(angle);
        sines[position * size + i] =
            scale * (float) (i < size / 2 ? -Math.sin(angle) : Math.sin(angle));
      }
    }
    Shape shape = new Shape(length, size);
    grown = new Grown(length, kept(cosines, shape), kept(sines, shape));
    return grown;
  }

  private NDArray kept(float[] values, Shape shape) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray kept = Kernels.cast(memory.constant(values, shape), precision);
      NDScope.unregister(kept);
      return kept;
    }
  }
}
