package io.lakeloop.registry;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Published model versions and the aliases that point to them. A version, once published, never
 * changes; what is resolved has been verified against its manifest.
 */
public final class Registry implements Serializable {
  private static final String MANIFEST = "manifest.json";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ArtifactStore store;

  public Registry(ArtifactStore store) {
    this.store = store;
  }

  /**
   * One move of an alias.
   *
   * @param from version before, 0 for none
   */
  public record AliasEvent(
      int from, int to, String actor, String runId, String reason, String at) {}

  /**
   * Folders that a run leaves behind step by step.
   *
   * @param kind what they hold
   */
  public Checkpoints checkpoints(String runId, String kind) {
    return new Checkpoints(store, runId, kind);
  }

  /** An empty folder to build the run's next version of the model in. */
  public Path draft(String model, String runId) throws IOException {
    return store.draft(model + "-" + runId);
  }

  /**
   * Publishes the draft as the model's next version. A run publishes a model once: a retry returns
   * what its first attempt published.
   *
   * @param manifest what to record; its version and files are filled in here
   */
  public ModelVersion publish(Path draft, Manifest manifest) throws IOException {
    SortedMap<String, String> files = digests(draft);
    for (int version : versions(manifest.model())) {
      if (manifest(manifest.model(), version).runId().equals(manifest.runId())) {
        return open(manifest.model(), version);
      }
    }
    while (true) {
      int version = versions(manifest.model()).stream().reduce(0, Math::max) + 1;
      Manifest complete =
          new Manifest(
              manifest.model(),
              version,
              manifest.kind(),
              manifest.runId(),
              manifest.parents(),
              manifest.snapshotId(),
              manifest.configDigest(),
              manifest.codeVersion(),
              manifest.seed(),
              manifest.createdAt(),
              files);
      JSON.writeValue(draft.resolve(MANIFEST).toFile(), complete);
      if (store.publish(draft, name(manifest.model(), version))) {
        return open(manifest.model(), version);
      }
    }
  }

  /**
   * Takes a version of another registry in under its own name and number, file by file the same.
   * One that is here already stays as it is.
   *
   * @param source verified
   * @param runId run that copies it
   * @throws UserError GATE_FAILED if the number is another version's here
   */
  public ModelVersion adopt(ModelVersion source, String runId) throws IOException {
    String name = name(source.model(), source.version());
    if (!versions(source.model()).contains(source.version())) {
      Path draft = draft(source.model(), runId);
      List<String> files = new ArrayList<>(source.manifest().files().keySet());
      files.add(MANIFEST);
      for (String file : files) {
        Path target = draft.resolve(file);
        Files.createDirectories(target.getParent());
        Files.copy(source.folder().resolve(file), target);
      }
      store.publish(draft, name);
    }
    ModelVersion here = resolve(source.ref());
    if (!here.manifest().equals(source.manifest())) {
      throw new UserError(
          ErrorCode.GATE_FAILED,
          "Cannot take in %s: this registry has another %s, made by the run %s with the digest %s."
              + " Train a new version, whose number is free in both.",
          source,
          here,
          here.manifest().runId(),
          here.manifest().digest());
    }
    return here;
  }

  /**
   * The version of the model that holds just these files, if there is one.
   *
   * @param files digests by name
   */
  public Optional<ModelVersion> find(String model, SortedMap<String, String> files)
      throws IOException {
    for (int version : versions(model)) {
      if (manifest(model, version).files().equals(files)) {
        return Optional.of(open(model, version));
      }
    }
    return Optional.empty();
  }

  private static SortedMap<String, String> digests(Path folder) throws IOException {
    SortedMap<String, String> digests = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString().replace('\\', '/');
        if (!name.equals(MANIFEST)) {
          digests.put(name, Digest.of(file));
        }
      }
    }
    return digests;
  }

  private static String name(String model, int version) {
    return "models/" + model + "/" + version;
  }

  private static String aliases(String model, String alias) {
    return "aliases/" + model + "/" + alias + ".json";
  }

  /** Published versions of the model, ascending. */
  public List<Integer> versions(String model) throws IOException {
    return store.list("models/" + model).stream()
        .filter(name -> name.matches("[0-9]{1,9}"))
        .map(Integer::valueOf)
        .sorted(Comparator.naturalOrder())
        .toList();
  }

  /** The version number that the reference means now, empty where there is none. */
  public OptionalInt version(ModelRef ref) throws IOException {
    List<Integer> versions = versions(ref.model());
    int version;
    if (versions.isEmpty()) {
      return OptionalInt.empty();
    } else if (ref.version().equals("latest")) {
      version = versions.get(versions.size() - 1);
    } else if (ref.version().matches("[0-9]{1,9}")) {
      version = Integer.parseInt(ref.version());
    } else {
      List<AliasEvent> events = history(ref.model(), ref.version());
      version = events.isEmpty() ? 0 : events.get(events.size() - 1).to();
    }
    return versions.contains(version) ? OptionalInt.of(version) : OptionalInt.empty();
  }

  /**
   * Returns the version that the reference means now, verified.
   *
   * @throws UserError INPUT_MISSING if there is none; ARTIFACT_CORRUPT if a file is not what its
   *     manifest says
   */
  public ModelVersion resolve(ModelRef ref) throws IOException {
    OptionalInt version = version(ref);
    if (version.isEmpty()) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot find %s: versions of %s in this registry are %s%s. Train one, or name another.",
          ref,
          ref.model(),
          versions(ref.model()),
          known());
    }
    ModelVersion found = open(ref.model(), version.getAsInt());
    verify(found);
    return found;
  }

  private String known() throws IOException {
    List<String> models = store.list("models");
    return models.isEmpty() ? "" : " (models: " + String.join(", ", models) + ")";
  }

  private Manifest manifest(String model, int version) throws IOException {
    return JSON.readValue(store.read(name(model, version), MANIFEST).orElseThrow(), Manifest.class);
  }

  private ModelVersion open(String model, int version) throws IOException {
    Path folder = store.fetch(name(model, version));
    return new ModelVersion(
        JSON.readValue(folder.resolve(MANIFEST).toFile(), Manifest.class), folder);
  }

  private static void verify(ModelVersion version) throws IOException {
    SortedMap<String, String> found = digests(version.folder());
    if (!found.equals(version.manifest().files())) {
      List<String> wrong = new ArrayList<>();
      version
          .manifest()
          .files()
          .forEach(
              (name, digest) -> {
                if (!digest.equals(found.get(name))) {
                  wrong.add(name);
                }
              });
      found.keySet().stream()
          .filter(name -> !version.manifest().files().containsKey(name))
          .forEach(wrong::add);
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot load %s: %s differ from the manifest. Restore the folder %s, or train it again.",
          version,
          String.join(", ", wrong),
          version.folder());
    }
  }

  /** Moves of the alias, oldest first. */
  public List<AliasEvent> history(String model, String alias) throws IOException {
    Optional<String> record = store.record(aliases(model, alias));
    return record.isEmpty()
        ? List.of()
        : JSON.readValue(record.get(), new TypeReference<List<AliasEvent>>() {});
  }

  /**
   * Points the alias to the version. A run moves an alias once: a retry returns the first move.
   *
   * @throws UserError GATE_FAILED if another writer moved it in between
   */
  public AliasEvent move(
      String alias, ModelVersion target, String actor, String runId, String reason, String at)
      throws IOException {
    String name = aliases(target.model(), alias);
    Optional<String> before = store.record(name);
    List<AliasEvent> events = new ArrayList<>(history(target.model(), alias));
    for (AliasEvent event : events) {
      if (event.runId().equals(runId)) {
        return event;
      }
    }
    int from = events.isEmpty() ? 0 : events.get(events.size() - 1).to();
    AliasEvent event = new AliasEvent(from, target.version(), actor, runId, reason, at);
    events.add(event);
    if (!store.replaceRecord(name, before, JSON.writeValueAsString(events))) {
      throw new UserError(
          ErrorCode.GATE_FAILED,
          "Cannot move %s/%s to version %d: another run moved it meanwhile. Look at its history"
              + " and run promote again.",
          target.model(),
          alias,
          target.version());
    }
    return event;
  }
}
