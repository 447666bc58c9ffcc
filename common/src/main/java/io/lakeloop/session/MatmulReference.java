package io.lakeloop.session;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The bare matrix products of a model's pass, without anything around them: what a benchmark's
 * speeds are shares of.
 */
final class MatmulReference implements AutoCloseable {
  private final Compute.Memory memory;
  private final Precision precision;
  private final List<NDArray[]> factors = new ArrayList<>();

  MatmulReference(Compute compute, Precision precision) {
    this.memory = compute.memory();
    this.precision = precision;
  }

  /** {@code x W^T} with x (rows, inputs), W (outputs, inputs), as a linear map goes forward. */
  MatmulReference forward(long rows, long inputs, long outputs) {
    return add(array(rows, inputs), array(outputs, inputs).transpose());
  }

  /** {@code W x^T}, the same turned round, which is faster where the rows are few. */
  MatmulReference forwardOfFew(long rows, long inputs, long outputs) {
    return add(array(outputs, inputs), array(rows, inputs).transpose());
  }

  /** {@code dY W}, the gradient of a linear map's input. */
  MatmulReference inputGradient(long rows, long inputs, long outputs) {
    return add(array(rows, outputs), array(outputs, inputs));
  }

  /** {@code dY^T x}, the gradient of a linear map's weight. */
  MatmulReference weightGradient(long rows, long inputs, long outputs) {
    return add(array(rows, outputs).transpose(), array(rows, inputs));
  }

  /**
   * The products of causal attention in a training step: scores and mixing, each with the gradients
   * of both its factors. A position sees half of the others on average, so half are multiplied.
   */
  MatmulReference causalAttention(long sequences, long length, long heads, long headSize) {
    long pairs = sequences * heads;
    for (int product = 0; product < 6; product++) {
      addBatched(
          array(pairs * length, headSize).reshape(pairs, length, headSize),
          array(pairs * headSize, length / 2).reshape(pairs, headSize, length / 2));
    }
    return this;
  }

  private void addBatched(NDArray x, NDArray y) {
    factors.add(new NDArray[] {x, y});
  }

  private MatmulReference add(NDArray x, NDArray y) {
    factors.add(new NDArray[] {x, y});
    return this;
  }

  private NDArray array(long rows, long columns) {
    float[] values = new float[Math.toIntExact(rows * columns)];
    Arrays.fill(values, 0.01f);
    return Kernels.cast(memory.constant(values, new Shape(rows, columns)), precision);
  }

  /** Multiplications and additions of one run. */
  double operations() {
    return factors.stream()
        .mapToDouble(
            pair -> {
              Shape y = pair[1].getShape();
              return 2.0 * pair[0].size() * y.get(y.dimension() - 1);
            })
        .sum();
  }

  /** Computes every product once. */
  void run() {
    try (GradScope off = GradScope.off()) {
      for (NDArray[] pair : factors) {
        try (NDScope scope = new NDScope()) {
          scope.suppressNotUsedWarning();
          Kernels.matrixProduct(pair[0], pair[1]);
        }
      }
      memory.await();
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
