package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.lm.torch.Kernels;
import java.util.stream.LongStream;

/**
 * Keys and values of the sequences being generated, in slots allocated once. The slots in use are
 * the first ones, so that a view of them needs no copy.
 */
final class KvCache implements AutoCloseable {
  private final CausalLm model;
  private final NDArray[] keys;
  private final NDArray[] values;

  /**
   * @param slots sequences held at once
   * @param length longest sequence
   */
  KvCache(CausalLm model, int slots, int length) {
    this.model = model;
    LmConfig config = model.config();
    Shape shape = new Shape(slots, config.kvHeads(), length, config.headSize());
    keys = new NDArray[config.layers()];
    values = new NDArray[config.layers()];
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer] = zeros(shape);
      values[layer] = zeros(shape);
    }
  }

  private NDArray zeros(Shape shape) {
    NDArray array;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      array = Kernels.cast(model.memory().zeros(shape), model.precision());
      NDScope.unregister(array);
    }
    return array;
  }

  /** Writes a layer's fresh keys and values (n, T, K, E). */
  @FunctionalInterface
  interface Writer {
    void write(int layer, NDArray k, NDArray v);
  }

  /** Writes n sequences of T positions, from position 0, into the slots from {@code firstSlot}. */
  Writer writer(int firstSlot, int n, int length) {
    NDArray slots = model.memory().ids(LongStream.range(firstSlot, firstSlot + n).toArray(), n, 1);
    NDArray positions = model.memory().ids(LongStream.range(0, length).toArray(), 1, length);
    return writer(slots, positions);
  }

  private Writer writer(NDArray slots, NDArray positions) {
    return (layer, k, v) -> {
      Kernels.remember(keys[layer], slots, positions, k);
      Kernels.remember(values[layer], slots, positions, v);
    };
  }

  /** One new position in each of the first slots, behind the {@code lengths} held there. */
  CausalLm.Attention attention(long[] lengths, int width) {
    int n = lengths.length;
    Writer writer =
        writer(
            model.memory().ids(LongStream.range(0, n).toArray(), n, 1),
            model.memory().ids(lengths, n, 1));
    NDArray seen =
        Kernels.seenMask(
            model.memory().ids(LongStream.of(lengths).map(l -> l + 1).toArray(), n),
            width,
            model.precision());
    double cap = model.config().scales().attentionCap();
    return (layer, q, k, v) -> {
      writer.write(layer, k, v);
      return Kernels.cachedAttention(q, keys[layer], values[layer], seen, cap);
    };
  }

  /** Copies what one slot holds to another. */
  void move(int source, int target) {
    for (int layer = 0; layer < keys.length; layer++) {
      Kernels.moveSlot(keys[layer], source, target);
      Kernels.moveSlot(values[layer], source, target);
    }
  }

  @Override
  public void close() {
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer].close();
      values[layer].close();
    }
  }
}
