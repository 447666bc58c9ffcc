package io.lakeloop.registry;

import java.io.IOException;
import java.io.Serializable;

/**
 * What a witness outside the registry says of a published version: in a lake, a row of
 * model_versions.
 *
 * @param digest of its files, {@link Manifest#digest}
 * @param manifestDigest SHA-256 of its manifest, or null where that was not yet written down
 */
public record Recorded(String digest, String manifestDigest) implements Serializable {

  boolean agrees(ModelVersion version) throws IOException {
    return digest.equals(version.manifest().digest())
        && (manifestDigest == null || manifestDigest.equals(version.manifestDigest()));
  }
}
