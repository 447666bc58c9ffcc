package io.lakeloop.lm.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteBuffer;

/**
 * Where a model lies and computes.
 *
 * @param gpu number of the GPU, or -1 for the CPU
 * @param threads that an operator may use on the CPU
 */
public record Compute(int gpu, int threads) {
  private static final String ENGINE = "PyTorch";

  public Compute {
    if (gpu < -1 || threads < 1) {
      throw new IllegalArgumentException("gpu " + gpu + ", threads " + threads);
    }
  }

  /** The CPU, with as many threads as libtorch was started with. */
  public static Compute cpu() {
    Engine.getEngine(ENGINE);
    return cpu(JniUtils.getNumThreads());
  }

  public static Compute cpu(int threads) {
    return new Compute(-1, threads);
  }

  /** Number of GPUs that this process sees. */
  public static int gpus() {
    return Engine.getEngine(ENGINE).getGpuCount();
  }

  public boolean onGpu() {
    return gpu >= 0;
  }

  /** A manager on this device; the calling thread's operators keep to {@code threads}. */
  NDManager manager() {
    limitThreads();
    return NDManager.newBaseManager(onGpu() ? Device.gpu(gpu) : Device.cpu(), ENGINE);
  }

  /** Holds the calling thread's operators to {@code threads}. */
  public void limitThreads() {
    Engine.getEngine(ENGINE);
    JniUtils.setNumThreads(threads);
  }

  /** Opens a memory on this device. */
  public Memory memory() {
    return new Memory(manager());
  }

  /** Arrays of one device; those made in no {@link ai.djl.ndarray.NDScope} live until it closes. */
  public static final class Memory implements AutoCloseable {
    private final NDManager manager;

    private Memory(NDManager manager) {
      this.manager = manager;
    }

    /**
     * A constant that no closing of Java buffers can pull from under autograd.
     *
     * @param values as many as the shape holds
     */
    public NDArray constant(float[] values, Shape shape) {
      try (NDArray borrowed = manager.create(values, shape)) {
        return borrowed.duplicate();
      }
    }

    public NDArray ids(long[] values, long... shape) {
      return manager.create(values, new Shape(shape));
    }

    public NDArray doubles(double[] values) {
      return manager.create(values);
    }

    public NDArray zeros(Shape shape) {
      return manager.zeros(shape, DataType.FLOAT32);
    }

    /** Number of arrays held here. */
    public int arrays() {
      return manager.getManagedArrays().size();
    }

    /** Bytes of the arrays held here. */
    public long bytes() {
      return manager.getManagedArrays().stream()
          .mapToLong(array -> array.size() * array.getDataType().getNumOfBytes())
          .sum();
    }

    /** Returns when all that was asked of this device so far is done. */
    public void await() {
      try (NDArray last = zeros(new Shape(1))) {
        last.toFloatArray();
      }
    }

    /** An array over the bytes: they are not copied on the CPU, and stay as long as it does. */
    public NDArray over(ByteBuffer direct, Shape shape, DataType type) {
      return manager.create(direct, shape, type);
    }

    @Override
    public void close() {
      manager.close();
    }
  }
}
