package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import io.lakeloop.lm.safetensors.SafeTensors;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Trained weights of a session, in single precision, as one safetensors file. */
public final class ParameterFile {
  private ParameterFile() {}

  public static void write(Path file, Map<String, NDArray> parameters) throws IOException {
    Map<String, SafeTensors.Source> sources = new LinkedHashMap<>();
    parameters.forEach(
        (name, array) -> sources.put(name, Weights.source(array, Precision.FLOAT32)));
    SafeTensors.write(file, sources);
  }

  /**
   * Overwrites the parameters by the file's.
   *
   * @throws io.lakeloop.config.UserError ARTIFACT_CORRUPT if it is another model's
   */
  public static void read(Path file, Map<String, NDArray> parameters, Compute.Memory memory)
      throws IOException {
    Map<String, SafeTensors.Tensor> tensors = SafeTensors.open(file);
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      for (Map.Entry<String, NDArray> entry : parameters.entrySet()) {
        String name = entry.getKey();
        Weights.load(
                tensors.get(name), name, entry.getValue().getShape(), memory, Precision.FLOAT32)
            .copyTo(entry.getValue());
      }
    }
  }
}
