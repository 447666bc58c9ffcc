package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;

/** Keys and values of the positions seen so far, in slots allocated once per generation. */
final class KvCache implements AutoCloseable {
  private final NDArray[] keys;
  private final NDArray[] values;
  private int length;

  KvCache(CausalLm model, int batch, int slots) {
    int layers = model.config().layers();
    keys = new NDArray[layers];
    values = new NDArray[layers];
    for (int layer = 0; layer < layers; layer++) {
      keys[layer] = model.slots(batch, slots);
      values[layer] = model.slots(batch, slots);
      NDScope.unregister(keys[layer], values[layer]);
    }
  }

  /** Number of positions held. */
  int length() {
    return length;
  }

  /** Writes a layer's new keys and values behind the old; returns views of all of them. */
  NDList extend(int layer, NDArray newKeys, NDArray newValues) {
    int end = length + Math.toIntExact(newKeys.getShape().get(2));
    NDIndex fresh = new NDIndex(":, :, " + length + ":" + end);
    NDIndex all = new NDIndex(":, :, :" + end);
    keys[layer].set(fresh, newKeys);
    values[layer].set(fresh, newValues);
    if (layer == keys.length - 1) {
      length = end;
    }
    return new NDList(keys[layer].get(all), values[layer].get(all));
  }

  @Override
  public void close() {
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer].close();
      values[layer].close();
    }
  }
}
