package io.lakeloop.lm;

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

  @Override
  public void close() {
    JniUtils.setGradMode(before);
  }
}
