package io.lakeloop.lm.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/**
 * Turns gradient recording on or off for the calling thread until closed.
 *
 * <p>DJL's own GradientCollector is one per JVM; grad mode in libtorch is per thread, and this
 * keeps it so, which lets two tasks of one executor train at once.
 */
public final class GradScope implements AutoCloseable {
  private final boolean before = JniUtils.isGradMode();

  private GradScope(boolean recording) {
    JniUtils.setGradMode(recording);
  }

  public static GradScope recording() {
    return new GradScope(true);
  }

  /** Leaves recording as it is. */
  public static GradScope unchanged() {
    return new GradScope(JniUtils.isGradMode());
  }

  /** The leaf's gradient; 0 where none has reached it. */
  public static NDArray gradient(NDArray leaf) {
    NDArray gradient = JniUtils.getGradient((PtNDArray) leaf);
    return gradient == null ? leaf.zerosLike() : gradient;
  }

  public static GradScope off() {
    return new GradScope(false);
  }

  /** Adds the gradient of a 0-dim array to every parameter that it was computed from. */
  public static void backward(NDArray scalar) {
    JniUtils.backward((PtNDArray) scalar, (PtNDArray) scalar.onesLike(), false, false);
  }

  /** Sends {@code gradient}, of the shape of {@code output}, back to what it was computed from. */
  public static void backward(NDArray output, NDArray gradient) {
    JniUtils.backward((PtNDArray) output, (PtNDArray) gradient, false, false);
  }

  /** The same values cut off from what they were computed from, asking for their own gradient. */
  public static NDArray leaf(NDArray array) {
    NDArray leaf = array.stopGradient();
    leaf.setRequiresGradient(true);
    return leaf;
  }

  @Override
  public void close() {
    JniUtils.setGradMode(before);
  }
}
