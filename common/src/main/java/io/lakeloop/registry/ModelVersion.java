package io.lakeloop.registry;

import io.lakeloop.config.Digest;
import io.lakeloop.config.Name;
import java.io.IOException;
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
    return new ModelRef(Name.parse(model()), version());
  }

  /** SHA-256 of the manifest itself, which covers what {@link Manifest#digest} does not. */
  public String manifestDigest() throws IOException {
    return Digest.of(folder.resolve(Registry.MANIFEST));
  }

  @Override
  public String toString() {
    return model() + "/" + version();
  }
}
