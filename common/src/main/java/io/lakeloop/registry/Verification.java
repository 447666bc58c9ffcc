package io.lakeloop.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What makes a version in the store the one that was published. */
final class Verification implements Serializable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ArtifactStore store;

  Verification(ArtifactStore store) {
    this.store = store;
  }

  /**
   * Reads a version's manifest.
   *
   * @throws UserError ARTIFACT_CORRUPT if it is missing, garbled, or another version's
   */
  Manifest manifest(ModelRef asked, int version) throws IOException {
    String text =
        store
            .read(Registry.name(asked.model(), version), Registry.MANIFEST)
            .orElseThrow(() -> broken(asked, version, "it has no " + Registry.MANIFEST));
    Manifest manifest;
    try {
      manifest = JSON.readValue(text, Manifest.class);
    } catch (JsonProcessingException e) {
      throw broken(asked, version, "its " + Registry.MANIFEST + " is garbled");
    }
    if (manifest == null) {
      throw broken(asked, version, "its " + Registry.MANIFEST + " is garbled");
    }
    if (!manifest.model().equals(asked.model().text()) || manifest.version() != version) {
      throw broken(
          asked,
          version,
          "its "
              + Registry.MANIFEST
              + " is that of "
              + manifest.model()
              + "/"
              + manifest.version());
    }
    return manifest;
  }

  private static UserError broken(ModelRef asked, int version, String why) {
    ModelRef ref = new ModelRef(asked.model(), version);
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot load %s: %s. Restore the registry's folder %s, or name another version.",
        asked.equals(ref) ? ref : asked + ", which is " + ref,
        why,
        Registry.name(ref.model(), version));
  }

  /** Files below the folder, but for the manifest. */
  static SortedMap<String, String> digests(Path folder) throws IOException {
    SortedMap<String, String> digests = new TreeMap<>();
    try (Stream<Path> found = Files.walk(folder)) {
      for (Path file : found.toList()) {
        String name = folder.relativize(file).toString().replace('\\', '/');
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          continue;
        }
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          throw unusable(folder, name.isEmpty() ? "it" : name);
        }
        if (!name.equals(Registry.MANIFEST)) {
          digests.put(name, Digest.of(file));
        }
      }
    }
    return digests;
  }

  /**
   * @throws UserError ARTIFACT_CORRUPT if the folder's files are not those of the manifest
   */
  static void requireFiles(ModelVersion version) throws IOException {
    SortedMap<String, String> expected = version.manifest().files();
    SortedMap<String, String> found = digests(version.folder());
    if (!found.equals(expected)) {
      List<String> wrong =
          Stream.concat(expected.keySet().stream(), found.keySet().stream())
              .distinct()
              .filter(name -> !Objects.equals(expected.get(name), found.get(name)))
              .toList();
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot load %s: %s differ from the manifest. Restore the folder %s, or train it again.",
          version,
          String.join(", ", wrong),
          version.folder());
    }
  }

  /**
   * @param rows what the lake says of the version; none says nothing against it
   * @throws UserError ARTIFACT_CORRUPT if no row agrees with the version
   */
  static void requireRecorded(ModelVersion version, List<Recorded> rows) throws IOException {
    boolean agreed = rows.isEmpty();
    for (Recorded row : rows) {
      agreed |= row.agrees(version);
    }
    if (!agreed) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot load %s: its files or its manifest are not those that the lake's table"
              + " model_versions tells of (digest %s there, %s here). Restore the folder %s, or name"
              + " another version.",
          version,
          rows.get(rows.size() - 1).digest(),
          version.manifest().digest(),
          version.folder());
    }
  }

  private static UserError unusable(Path folder, String file) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot use the folder %s: %s is no plain file but a link or the like, which may lead"
            + " anywhere. Put the file itself there.",
        folder,
        file);
  }
}
