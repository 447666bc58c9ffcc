package io.lakeloop.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Published model versions and the aliases that point to them. A version, once published, never
 * changes; what is resolved has been verified.
 *
 * <p>Verified means: its folder holds plain files only, just those that its manifest names, with
 * the digests that it names; the manifest gives the model and the number that the folder stands
 * under; and where the lake has rows of the version in model_versions, one of them has the digests
 * of the files and of the manifest. A version without a row is taken at its manifest's word, since
 * that is what honest ones look like that another lake has published in a shared registry, or that
 * were published just before their run was stopped; a row written before manifests had a digest of
 * their own answers for the files alone.
 *
 * <p>A version whose manifest cannot be read, or is another version's, is broken: {@code latest}
 * passes over it, and its number stays taken. One whose files were changed is refused under every
 * name, so that nobody is led to an older one unawares.
 */
public final class Registry implements Serializable {
  static final String MANIFEST = "manifest.json";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ArtifactStore store;
  private final Map<String, List<Recorded>> recorded;

  /** A registry that no lake speaks for. */
  public Registry(ArtifactStore store) {
    this(store, Map.of());
  }

  /**
   * @param recorded what the lake says of versions that it has rows of, by model/version
   */
  public Registry(ArtifactStore store, Map<String, List<Recorded>> recorded) {
    this.store = store;
    this.recorded = new ConcurrentHashMap<>(recorded);
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
  public Checkpoints checkpoints(Name runId, Name kind) {
    return new Checkpoints(store, runId, kind);
  }

  /** An empty folder to build the run's next version of the model in. */
  public Path draft(Name model, Name runId) throws IOException {
    return store.draft(runId + "/models/" + model);
  }

  /** Lets go of what the run's attempts have left half-built. */
  public void discardDrafts(Name runId) throws IOException {
    store.discard(runId.text());
  }

  /**
   * Publishes the draft as the model's next version. A run publishes a model once: a retry returns
   * what its first attempt published, verified.
   *
   * @param manifest what to record; its version and files are filled in here
   */
  public ModelVersion publish(Path draft, Manifest manifest) throws IOException {
    Name model = Name.parse(manifest.model());
    SortedMap<String, String> files = digests(draft);
    for (Manifest earlier : sound(model)) {
      if (earlier.runId().equals(manifest.runId())) {
        return resolve(new ModelRef(model, earlier.version()));
      }
    }
    while (true) {
      int version = versions(model).stream().reduce(0, Math::max) + 1;
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
      if (store.publish(draft, name(model, version))) {
        return witnessed(open(new ModelRef(model, version), version));
      }
    }
  }

  /** What this process has published itself it need not be told of. */
  private ModelVersion witnessed(ModelVersion published) throws IOException {
    Recorded own = new Recorded(published.manifest().digest(), published.manifestDigest());
    recorded.merge(
        published.toString(),
        List.of(own),
        (rows, more) -> Stream.concat(rows.stream(), more.stream()).toList());
    return published;
  }

  /**
   * Takes a version of another registry in under its own name and number, file by file the same.
   * One that is here already stays as it is.
   *
   * @param source verified
   * @param runId run that copies it
   * @throws UserError GATE_FAILED if the number is another version's here
   */
  public ModelVersion adopt(ModelVersion source, Name runId) throws IOException {
    ModelRef ref = source.ref();
    if (!versions(ref.model()).contains(source.version())) {
      String draft = runId + "/adopted/" + ref;
      try {
        store.publish(copy(source, store.draft(draft)), name(ref.model(), source.version()));
      } finally {
        store.discard(draft);
      }
    }
    ModelVersion here = resolve(ref);
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

  private static Path copy(ModelVersion source, Path draft) throws IOException {
    List<String> files = new ArrayList<>(source.manifest().files().keySet());
    files.add(MANIFEST);
    for (String file : files) {
      Path target = draft.resolve(file);
      Files.createDirectories(target.getParent());
      Files.copy(source.folder().resolve(file), target, LinkOption.NOFOLLOW_LINKS);
    }
    verifyFiles(new ModelVersion(source.manifest(), draft));
    return draft;
  }

  /**
   * The version of the model that holds just these files, whole, if there is one.
   *
   * @param files digests by name
   */
  public Optional<ModelVersion> find(Name model, SortedMap<String, String> files)
      throws IOException {
    for (Manifest manifest : sound(model)) {
      ModelRef ref = new ModelRef(model, manifest.version());
      if (manifest.files().equals(files)) {
        Optional<ModelVersion> found = whole(() -> resolve(ref));
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  /** Files below the folder, but for the manifest. */
  private static SortedMap<String, String> digests(Path folder) throws IOException {
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
        if (!name.equals(MANIFEST)) {
          digests.put(name, Digest.of(file));
        }
      }
    }
    return digests;
  }

  private static String name(Name model, int version) {
    return "models/" + model + "/" + version;
  }

  private static String aliases(Name model, Alias alias) {
    return "aliases/" + model + "/" + alias + ".json";
  }

  /** Published versions of the model, broken ones too, ascending. */
  public List<Integer> versions(Name model) throws IOException {
    return store.list("models/" + model).stream()
        .filter(name -> name.matches("[0-9]{1,9}"))
        .map(Integer::valueOf)
        .sorted(Comparator.naturalOrder())
        .toList();
  }

  /** Manifests of the versions that are not broken, ascending. */
  private List<Manifest> sound(Name model) throws IOException {
    List<Manifest> sound = new ArrayList<>();
    for (int version : versions(model)) {
      ModelRef ref = new ModelRef(model, version);
      whole(() -> manifest(ref, version)).ifPresent(sound::add);
    }
    return sound;
  }

  private interface Load<T> {
    T load() throws IOException;
  }

  private static <T> Optional<T> whole(Load<T> load) throws IOException {
    try {
      return Optional.of(load.load());
    } catch (UserError e) {
      if (e.code() != ErrorCode.ARTIFACT_CORRUPT) {
        throw e;
      }
      return Optional.empty();
    }
  }

  /**
   * The version number that the reference means now, empty where there is none.
   *
   * @throws UserError ARTIFACT_CORRUPT if it is an alias whose record is garbled
   */
  public OptionalInt version(ModelRef ref) throws IOException {
    if (ref.isLatest()) {
      return sound(ref.model()).stream().mapToInt(Manifest::version).max();
    }
    OptionalInt version = ref.isPinned() ? number(ref) : target(ref);
    return version.isPresent() && versions(ref.model()).contains(version.getAsInt())
        ? version
        : OptionalInt.empty();
  }

  private static OptionalInt number(ModelRef ref) {
    try {
      return OptionalInt.of(Integer.parseInt(ref.version().text()));
    } catch (NumberFormatException e) {
      // No version has as many digits.
      return OptionalInt.empty();
    }
  }

  private OptionalInt target(ModelRef ref) throws IOException {
    List<AliasEvent> events = history(ref.model(), new Alias(ref.version()));
    return events.isEmpty()
        ? OptionalInt.empty()
        : OptionalInt.of(events.get(events.size() - 1).to());
  }

  /** What is wrong with the versions that {@code latest} passes over, a line for each. */
  public List<String> passedOver(Name model) throws IOException {
    int latest = version(new ModelRef(model, ModelRef.LATEST)).orElse(0);
    List<String> lines = new ArrayList<>();
    for (int version : versions(model)) {
      if (version > latest) {
        try {
          manifest(new ModelRef(model, version), version);
        } catch (UserError e) {
          lines.add(e.getMessage());
        }
      }
    }
    return lines;
  }

  /**
   * Returns the version that the reference means now, verified.
   *
   * @throws UserError INPUT_MISSING if there is none; ARTIFACT_CORRUPT if it is broken, or not what
   *     was published
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
          known(ref.model()));
    }
    ModelVersion found = open(ref, version.getAsInt());
    verifyFiles(found);
    verifyRows(found);
    return found;
  }

  private String known(Name model) throws IOException {
    List<String> models = store.list("models");
    int broken = passedOver(model).size();
    return (broken == 0 ? "" : ", of which the last " + broken + " cannot be read")
        + (models.isEmpty() ? "" : " (models: " + String.join(", ", models) + ")");
  }

  private ModelVersion open(ModelRef asked, int version) throws IOException {
    Manifest manifest = manifest(asked, version);
    return new ModelVersion(manifest, store.fetch(name(asked.model(), version)));
  }

  /**
   * Reads a version's manifest.
   *
   * @throws UserError ARTIFACT_CORRUPT if it is missing, garbled, or another version's
   */
  private Manifest manifest(ModelRef asked, int version) throws IOException {
    String text =
        store
            .read(name(asked.model(), version), MANIFEST)
            .orElseThrow(() -> broken(asked, version, "it has no " + MANIFEST));
    Manifest manifest;
    try {
      manifest = JSON.readValue(text, Manifest.class);
    } catch (JsonProcessingException e) {
      throw broken(asked, version, "its " + MANIFEST + " is garbled");
    }
    if (manifest == null) {
      throw broken(asked, version, "its " + MANIFEST + " is garbled");
    }
    if (!manifest.model().equals(asked.model().text()) || manifest.version() != version) {
      throw broken(
          asked,
          version,
          "its " + MANIFEST + " is that of " + manifest.model() + "/" + manifest.version());
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
        name(ref.model(), version));
  }

  private static void verifyFiles(ModelVersion version) throws IOException {
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

  private void verifyRows(ModelVersion version) throws IOException {
    List<Recorded> rows = recorded.getOrDefault(version.toString(), List.of());
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

  /**
   * Moves of the alias, oldest first.
   *
   * @throws UserError ARTIFACT_CORRUPT if its record is empty or garbled
   */
  public List<AliasEvent> history(Name model, Alias alias) throws IOException {
    Optional<String> record = store.record(aliases(model, alias));
    return record.isEmpty() ? List.of() : events(model, alias, record.get());
  }

  private static List<AliasEvent> events(Name model, Alias alias, String record)
      throws IOException {
    try {
      List<AliasEvent> events = JSON.readValue(record, new TypeReference<>() {});
      if (events != null && events.stream().allMatch(Objects::nonNull)) {
        return events;
      }
    } catch (JsonProcessingException e) {
      // Told below.
    }
    throw new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot read the alias %s/%s: its record %s in the registry is %s. Restore the record, or"
            + " delete it and promote again.",
        model,
        alias,
        aliases(model, alias),
        record.isBlank() ? "empty" : "garbled");
  }

  private static UserError unusable(Path folder, String file) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot use the folder %s: %s is no plain file but a link or the like, which may lead"
            + " anywhere. Put the file itself there.",
        folder,
        file);
  }

  /**
   * Points the alias to the version. A run moves an alias once: a retry returns the first move.
   *
   * @throws UserError GATE_FAILED if another writer moved it in between
   */
  public AliasEvent move(
      Alias alias, ModelVersion target, String actor, Name runId, String reason, String at)
      throws IOException {
    Name model = Name.parse(target.model());
    String name = aliases(model, alias);
    Optional<String> before = store.record(name);
    List<AliasEvent> events =
        new ArrayList<>(before.isEmpty() ? List.of() : events(model, alias, before.get()));
    for (AliasEvent event : events) {
      if (runId.text().equals(event.runId())) {
        return event;
      }
    }
    int from = events.isEmpty() ? 0 : events.get(events.size() - 1).to();
    AliasEvent event = new AliasEvent(from, target.version(), actor, runId.text(), reason, at);
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
