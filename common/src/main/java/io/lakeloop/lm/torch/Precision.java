package io.lakeloop.lm.torch;

/** Number formats that a base model may be held in. */
public enum Precision {
  FLOAT32(6),
  /** For checks of gradients. */
  FLOAT64(7),
  /** Half the memory; adapters and optimizer stay in single precision. */
  BFLOAT16(15);

  /** Code of the type in libtorch's {@code ScalarType}. */
  final int code;

  Precision(int code) {
    this.code = code;
  }
}
