package io.lakeloop.session;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.torch.Compute;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** Chooses the device of the driver or of a task from what Spark has given it. */
public final class TaskDevice {
  private static final String GPU = "gpu";

  /** How a local cluster calls the GPUs that it only pretends to have. */
  private static final String PRETENDED = "pretended-";

  private static final String DRIVER_CORES = "spark.driver.cores";

  private TaskDevice() {}

  /** The driver's device: its GPU where there is one, else {@code spark.driver.cores} threads. */
  public static Compute ofDriver(SparkContext context) {
    scala.collection.Map<String, ResourceInformation> resources = context.resources();
    return choose(
        resources.contains(GPU) ? first(resources.apply(GPU)) : Optional.empty(),
        context.getConf().getInt(DRIVER_CORES, 1),
        Compute.gpus());
  }

  /** The calling task's device: the GPU that Spark assigned it, else as many threads as cores. */
  public static Compute ofTask(TaskContext task) {
    Map<String, ResourceInformation> resources = task.resourcesJMap();
    return choose(
        resources.containsKey(GPU) ? first(resources.get(GPU)) : Optional.empty(),
        task.cpus(),
        Compute.gpus());
  }

  private static Optional<String> first(ResourceInformation resource) {
    String[] addresses = resource.addresses();
    return addresses.length == 0 ? Optional.empty() : Optional.of(addresses[0]);
  }

  /**
   * Chooses.
   *
   * @param address of the GPU that Spark assigned
   * @param cores that Spark assigned
   * @param gpus that this process sees
   * @throws UserError CONFIG_INVALID if the GPU assigned is not seen
   */
  static Compute choose(Optional<String> address, int cores, int gpus) {
    if (address.isEmpty() || address.get().startsWith(PRETENDED)) {
      return gpus > 0 ? new Compute(0, cores) : Compute.cpu(cores);
    }
    String text = address.get();
    if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) >= gpus) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use the GPU that Spark assigned: its address is '%s', and this process sees %d"
              + " GPUs. Set PYTORCH_LIBRARY_PATH to a libtorch for CUDA, or ask Spark for no GPU.",
          text,
          gpus);
    }
    return new Compute(Integer.parseInt(text), cores);
  }
}
