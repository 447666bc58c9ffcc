package io.lakeloop.session;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Numbers as bytes, which travel: Java's own serialisation writes an array of bytes in one go, and
 * one of floats number by number.
 */
final class Floats {
  private Floats() {}

  static byte[] bytes(float[] values) {
    byte[] bytes = new byte[Math.multiplyExact(values.length, Float.BYTES)];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    return bytes;
  }

  static float[] of(byte[] bytes) {
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }
}
