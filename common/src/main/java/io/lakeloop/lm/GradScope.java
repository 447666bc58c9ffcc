package io.lakeloop.lm;

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

  public static GradScope off() {
    return new GradScope(false);
  }

  /** Adds the gradient of a 0-dim array to every parameter that it was computed from. */
  public static void backward(NDArray scalar) {
    JniUtils.backward((PtNDArray) scalar, (PtNDArray) scalar.onesLike(), false, false);
  }

  @Override
  public void close() {
    JniUtils.setGradMode(before);
  }
}
