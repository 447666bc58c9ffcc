package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.safetensors.SafeTensors;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Brings tensors from files onto a device, and back. */
final class Weights {
  /** Parts that a large tensor is read and written by. */
  private static final long PART_BYTES = 1L << 30;

  private Weights() {}

  /**
   * Loads a tensor. In single precision on the CPU the array lies over the file's map.
   *
   * @throws UserError ARTIFACT_CORRUPT if the tensor is missing or has another shape
   */
  static NDArray load(
      SafeTensors.Tensor tensor,
      String name,
      Shape shape,
      Compute.Memory memory,
      Precision precision)
      throws IOException {
    requireShape(tensor, name, shape);
    NDArray array;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      array = converted(whole(tensor, memory), tensor.type(), precision);
      NDScope.unregister(array);
    }
    return array;
  }

  /**
   * @throws UserError ARTIFACT_CORRUPT if the tensor is missing or has another shape
   */
  static void requireShape(SafeTensors.Tensor tensor, String name, Shape shape) {
    if (tensor == null || !new Shape(tensor.shape()).equals(shape)) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot load tensor %s: it must have shape %s, found %s. Fetch or publish the model"
              + " again.",
          name,
          shape,
          tensor == null ? "none" : new Shape(tensor.shape()));
    }
  }

  private static NDArray whole(SafeTensors.Tensor tensor, Compute.Memory memory)
      throws IOException {
    if (tensor.bytes() <= PART_BYTES) {
      return part(tensor, 0, tensor.bytes(), new Shape(tensor.shape()), memory);
    }
    long rows = tensor.shape()[0];
    long rowBytes = tensor.bytes() / rows;
    long step = Math.max(1, PART_BYTES / rowBytes);
    NDList parts = new NDList();
    for (long from = 0; from < rows; from += step) {
      long count = Math.min(step, rows - from);
      long[] shape = tensor.shape().clone();
      shape[0] = count;
      parts.add(part(tensor, from * rowBytes, count * rowBytes, new Shape(shape), memory));
    }
    return NDArrays.concat(parts);
  }

  private static NDArray part(
      SafeTensors.Tensor tensor, long from, long bytes, Shape shape, Compute.Memory memory)
      throws IOException {
    ByteBuffer mapped = tensor.map(from, bytes);
    DataType type =
        switch (tensor.type()) {
          case F64 -> DataType.FLOAT64;
          case F32 -> DataType.FLOAT32;
          case F16 -> DataType.FLOAT16;
          case BF16 -> DataType.INT8;
        };
    if (tensor.type() == SafeTensors.Type.BF16) {
      return Kernels.asBfloat16(memory.over(mapped, new Shape(bytes), type)).reshape(shape);
    }
    NDArray over = memory.over(mapped, shape, type);
    return mapped.isReadOnly() ? over.duplicate() : over;
  }

  private static NDArray converted(NDArray raw, SafeTensors.Type type, Precision precision) {
    boolean same =
        switch (precision) {
          case FLOAT32 -> type == SafeTensors.Type.F32;
          case FLOAT64 -> type == SafeTensors.Type.F64;
          case BFLOAT16 -> type == SafeTensors.Type.BF16;
        };
    return same ? raw : Kernels.cast(raw, precision);
  }

  /** A tensor to be written from an array, in its own precision. */
  static SafeTensors.Source source(NDArray array, Precision precision) {
    return new SafeTensors.Source() {
      @Override
      public SafeTensors.Type type() {
        return switch (precision) {
          case FLOAT32 -> SafeTensors.Type.F32;
          case FLOAT64 -> SafeTensors.Type.F64;
          case BFLOAT16 -> SafeTensors.Type.BF16;
        };
      }

      @Override
      public long[] shape() {
        return array.getShape().getShape();
      }

      @Override
      public void write(SafeTensors.Sink sink) throws IOException {
        long bytes = array.size() * type().bytes();
        long rows = shape().length == 0 ? 1 : shape()[0];
        long step = bytes <= PART_BYTES ? rows : Math.max(1, PART_BYTES / (bytes / rows));
        for (long from = 0; from < rows; from += step) {
          try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            NDArray part =
                step >= rows
                    ? array
                    : array.get(new NDIndex(from + ":" + Math.min(rows, from + step)));
            NDArray plain = precision == Precision.BFLOAT16 ? Kernels.asInt16(part) : part;
            sink.put(plain.toByteBuffer().order(ByteOrder.LITTLE_ENDIAN));
          }
        }
      }
    };
  }
}
