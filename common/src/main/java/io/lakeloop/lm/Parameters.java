package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import io.lakeloop.lm.torch.GradScope;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Named weights, which are tracked while gradients are gathered. Tracking puts fresh leaves over
 * the same values: the first gradient then becomes theirs as it is, where a leaf that was cleared
 * would cost a pass to clear and one to add.
 */
final class Parameters {
  private final Map<String, NDArray> values = new LinkedHashMap<>();
  private final Map<String, NDArray> leaves = new LinkedHashMap<>();

  /** Takes the weight over, out of any scope. */
  NDArray put(String name, NDArray value) {
    NDScope.unregister(value);
    values.put(name, value);
    return value;
  }

  /** The weight as a pass reads it, or null. */
  NDArray get(String name) {
    NDArray leaf = leaves.get(name);
    return leaf == null ? values.get(name) : leaf;
  }

  Map<String, NDArray> values() {
    return Collections.unmodifiableMap(values);
  }

  boolean isTracked() {
    return !leaves.isEmpty();
  }

  void track() {
    values.forEach(
        (name, value) -> {
          NDArray leaf = GradScope.leaf(value);
          NDScope.unregister(leaf);
          leaves.put(name, leaf);
        });
  }

  /** What was gathered since {@link #track}; 0 for a weight that no loss reached. */
  Map<String, NDArray> gradients() {
    Map<String, NDArray> gradients = new LinkedHashMap<>();
    leaves.forEach((name, leaf) -> gradients.put(name, GradScope.gradient(leaf)));
    return gradients;
  }

  void untrack() {
    leaves.values().forEach(NDArray::close);
    leaves.clear();
  }

  void close() {
    untrack();
    values.values().forEach(NDArray::close);
  }
}
