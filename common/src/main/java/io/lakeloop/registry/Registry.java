package io.lakeloop.registry;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
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
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
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
  private final Verification verification;
  private final Aliases aliases;
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
    this.verification = new Verification(store);
    this.aliases = new Aliases(store);
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
    SortedMap<String, String> files = Verification.digests(draft);
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
    Verification.requireFiles(new ModelVersion(source.manifest(), draft));
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

  static String name(Name model, int version) {
    return "models/" + model + "/" + version;
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
      whole(() -> verification.manifest(ref, version)).ifPresent(sound::add);
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
          verification.manifest(new ModelRef(model, version), version);
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
    Verification.requireFiles(found);
    Verification.requireRecorded(found, recorded.getOrDefault(found.toString(), List.of()));
    return found;
  }

  private String known(Name model) throws IOException {
    List<String> models = store.list("models");
    int broken = passedOver(model).size();
    return (broken == 0 ? "" : ", of which the last " + broken + " cannot be read")
        + (models.isEmpty() ? "" : " (models: " + String.join(", ", models) + ")");
  }

  private ModelVersion open(ModelRef asked, int version) throws IOException {
    Manifest manifest = verification.manifest(asked, version);
    return new ModelVersion(manifest, store.fetch(name(asked.model(), version)));
  }

  /**
   * Moves of the alias, oldest first.
   *
   * @throws UserError ARTIFACT_CORRUPT if its record is empty or garbled
   */
  public List<AliasEvent> history(Name model, Alias alias) throws IOException {
    return aliases.history(model, alias);
  }

  /**
   * Points the alias to the version. A run moves an alias once: a retry returns the first move.
   *
   * @throws UserError GATE_FAILED if another writer moved it in between
   */
  public AliasEvent move(
      Alias alias, ModelVersion target, String actor, Name runId, String reason, String at)
      throws IOException {
    return aliases.move(alias, target, actor, runId, reason, at);
  }
}
