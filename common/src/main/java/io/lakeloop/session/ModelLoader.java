package io.lakeloop.session;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.AdapterFolder;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.LoraConfig;
import io.lakeloop.lm.ModelFolder;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.run.JobContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Opens published language models, each base once: models over the same base share its memory.
 * Closing the loader closes the bases.
 */
public final class ModelLoader implements AutoCloseable {
  private final Versions versions;
  private final Compute compute;
  private final Precision precision;
  private final Map<ModelRef, ModelVersion> resolved = new HashMap<>();
  private final Map<String, CausalLm> bases = new LinkedHashMap<>();

  /** Finds and verifies a version. */
  @FunctionalInterface
  public interface Versions {
    ModelVersion resolve(ModelRef ref) throws IOException;
  }

  public ModelLoader(Versions versions, Compute compute, Precision precision) {
    this.versions = versions;
    this.compute = compute;
    this.precision = precision;
  }

  /** A loader for a run, on the driver's device. */
  public static ModelLoader forRun(JobContext context, Precision precision) {
    return new ModelLoader(
        context::resolve, TaskDevice.ofDriver(context.spark().sparkContext()), precision);
  }

  /** The device that models are opened on. */
  public Compute compute() {
    return compute;
  }

  /** Numbers that bases are held in. */
  public Precision precision() {
    return precision;
  }

  /**
   * A model, and the version that its base was published as.
   *
   * @param base null for a model that is its own base
   */
  public record Loaded(CausalLm model, ModelVersion base) {

    /**
     * Writes what was trained: an adapter beside its base's name, or the whole model.
     *
     * @throws UserError TRAINING_DIVERGED if a weight is not finite
     */
    public void write(Path folder, boolean scalarHead, Path companions) throws IOException {
      Divergence.checkWeights(model);
      if (model.lora() == null) {
        new ModelFolder(folder).write(model, scalarHead, companions);
      } else {
        new AdapterFolder(folder).write(model, scalarHead, base.toString());
        ModelFolder.copyCompanions(companions, folder);
      }
    }
  }

  /** The published version, verified once. */
  public synchronized ModelVersion resolve(ModelRef ref) throws IOException {
    ModelVersion version = resolved.get(ref);
    if (version == null) {
      version = versions.resolve(ref);
      resolved.put(ref, version);
    }
    return version;
  }

  /** Opens a model to be read only. */
  public Loaded open(ModelVersion version) throws IOException {
    AdapterFolder adapter = new AdapterFolder(version.folder());
    return adapter.exists() ? open(adapter) : new Loaded(base(version).lent(), version);
  }

  /** Positions that the model reads, of an adapter those of its base. */
  public int positions(ModelVersion version) throws IOException {
    return config(version).maxPositions();
  }

  /** Shape of the model, of an adapter that of its base. */
  public LmConfig config(ModelVersion version) throws IOException {
    AdapterFolder adapter = new AdapterFolder(version.folder());
    ModelVersion base = adapter.exists() ? resolve(baseOf(adapter)) : version;
    return new ModelFolder(base.folder()).check();
  }

  /** Opens an adapter over its base. */
  public Loaded open(AdapterFolder adapter) throws IOException {
    ModelVersion base = resolve(baseOf(adapter));
    return new Loaded(adapter.load(base(base)), base);
  }

  private static ModelRef baseOf(AdapterFolder adapter) throws IOException {
    try {
      return ModelRef.parse(adapter.base());
    } catch (IllegalArgumentException e) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot load the adapter in %s: its base %s. Publish the adapter again.",
          adapter.folder(),
          e.getMessage());
    }
  }

  /**
   * Opens a model to be trained: an adapter goes on being trained as it is; a whole model is
   * trained whole, in memory of its own, or through a new adapter.
   *
   * @param seed of a new adapter
   */
  public Loaded trainable(ModelVersion version, LoraConfig lora, long seed) throws IOException {
    if (new AdapterFolder(version.folder()).exists()) {
      return open(version);
    }
    return lora.none()
        ? new Loaded(new ModelFolder(version.folder()).load(compute, precision), null)
        : new Loaded(base(version).adapted(lora, seed), version);
  }

  private synchronized CausalLm base(ModelVersion version) throws IOException {
    CausalLm base = bases.get(version.toString());
    if (base == null) {
      base = new ModelFolder(version.folder()).load(compute, precision);
      bases.put(version.toString(), base);
    }
    return base;
  }

  @Override
  public synchronized void close() {
    bases.values().forEach(CausalLm::close);
  }
}
