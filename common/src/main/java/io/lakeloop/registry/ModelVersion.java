package io.lakeloop.registry;

import java.nio.file.Path;

/** A published version, verified, in a local folder. */
public record ModelVersion(Manifest manifest, Path folder) {
  public String model() {
    return manifest.model();
  }

  public int version() {
    return manifest.version();
  }

  /** What settings call just this version. */
  public ModelRef ref() {
    return new ModelRef(model(), String.valueOf(version()));
  }

  @Override
  public String toString() {
    return model() + "/" + version();
  }
}
