package io.lakeloop.registry;

import io.lakeloop.config.Digest;
import io.lakeloop.config.Name;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;

/**
 * What a published version is and where it comes from; {@code manifest.json} in its folder.
 *
 * @param kind what it is, e.g. causal-lm
 * @param runId run that published it
 * @param parents model/version that it was trained from
 * @param snapshotId data set that it was trained on, or empty
 * @param configDigest SHA-256 of the run's settings
 * @param codeVersion version of the code
 * @param createdAt start of the run, UTC
 * @param files SHA-256 of each file, by its name in the folder
 */
public record Manifest(
    String model,
    int version,
    String kind,
    String runId,
    List<String> parents,
    String snapshotId,
    String configDigest,
    String codeVersion,
    long seed,
    String createdAt,
    SortedMap<String, String> files) {

  /**
   * @throws IllegalArgumentException if the model, the run or a parent is called what is no name,
   *     or there is nothing about parents or files
   */
  public Manifest {
    Name.parse(model);
    Name.parse(runId);
    if (Objects.isNull(parents) || Objects.isNull(files)) {
      throw new IllegalArgumentException("it does not say what its parents and files are");
    }
    parents.forEach(ModelRef::parse);
  }

  /** One digest for all files. */
  public String digest() {
    StringBuilder lines = new StringBuilder();
    files.forEach((name, digest) -> lines.append(name).append(' ').append(digest).append('\n'));
    return Digest.of(lines.toString());
  }
}
