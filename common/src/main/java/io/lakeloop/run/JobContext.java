package io.lakeloop.run;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.ModelFolder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.registry.Checkpoints;
import io.lakeloop.registry.Manifest;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelSource;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.registry.Registry;
import io.lakeloop.run.UnfinishedRuns.Unfinished;
import io.lakeloop.table.Lake;
import io.lakeloop.table.RegistryTables;
import io.lakeloop.table.TableRows;
import io.lakeloop.text.NameRedactor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.spark.sql.SparkSession;

/** What a running job may touch: its tables, the registry, its clock and its progress. */
public final class JobContext {
  private final SparkSession spark;
  private final Environments environments;
  private final LakeRegistry registry;
  private final RunTables tables;
  private final Lineage lineage;
  private final Ledger.Start start;
  private final Consumer<Map<String, String>> pinFiles;
  private final Console console;
  private final TableRows modelVersions = new TableRows(RegistryTables.MODEL_VERSIONS);

  JobContext(
      SparkSession spark,
      Environments environments,
      LakeRegistry registry,
      RunTables tables,
      Lineage lineage,
      Ledger.Start start,
      Consumer<Map<String, String>> pinFiles,
      Console console) {
    this.spark = spark;
    this.environments = environments;
    this.registry = registry;
    this.tables = tables;
    this.lineage = lineage;
    this.start = start;
    this.pinFiles = pinFiles;
    this.console = console;
  }

  public String runId() {
    return start.runId().text();
  }

  public SparkSession spark() {
    return spark;
  }

  public RunTables tables() {
    return tables;
  }

  /** A lake below the run's own for work that no one shall see, and the context to work there. */
  public record Scratch(Lake lake, JobContext context) implements AutoCloseable {
    @Override
    public void close() {
      lake.delete();
    }
  }

  /** Opens an empty scratch lake, which goes when it is closed. */
  public Scratch scratch() {
    Lake lake = new Lake(spark, tables.lakeRoot() + "/scratch/" + runId());
    lake.delete();
    return new Scratch(
        lake,
        new JobContext(
            spark,
            environments,
            registry,
            RunTables.unpinned(lake, start.runId()),
            new Lineage(start.runId()),
            start,
            files -> {},
            console));
  }

  /** Replaces {@code {lake}} in a path of the settings by the lake's root. */
  public String path(String setting) {
    return setting.replace("{lake}", tables.lakeRoot());
  }

  /**
   * The secret in a file of this machine that readers of the lake have no access to.
   *
   * @param key of the setting, for messages
   * @param createIfMissing makes a new one, readable by its owner alone
   * @throws UserError CONFIG_INVALID if the file lies in a bucket or in the lake
   */
  public byte[] secret(String key, String setting, boolean createIfMissing) throws IOException {
    String path = path(setting);
    if (isRemote(path)) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use %s=%s: it must lie on this machine, not in a bucket that everybody who reads"
              + " the lake can read. Name a local file.",
          key,
          path);
    }
    Path file = Path.of(path).toAbsolutePath().normalize();
    if (file.getFileName() == null) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID, "Cannot use %s=%s: it names no file. Name one.", key, path);
    }
    if (!isRemote(tables.lakeRoot())) {
      Path lake = Path.of(tables.lakeRoot());
      if (file.startsWith(lake) || real(file).startsWith(real(lake))) {
        throw new UserError(
            ErrorCode.CONFIG_INVALID,
            "Cannot use %s=%s: it lies in the lake, where everybody who reads the tables can read it."
                + " Move it out: mkdir -p -m 700 %3$s-secrets && mv %2$s %3$s-secrets/",
            key,
            file,
            lake);
      }
      requireNotLeftBehind(file, lake.resolve("secrets").resolve(file.getFileName()));
    }
    return SecretFile.read(file, createIfMissing);
  }

  /** The path without links, as far as it exists. */
  private static Path real(Path path) throws IOException {
    if (Files.exists(path)) {
      return path.toRealPath();
    }
    Path parent = path.getParent();
    return parent == null ? path : real(parent).resolve(path.getFileName());
  }

  /** A new secret would give other keys to the same people, so that their requests find nothing. */
  private static void requireNotLeftBehind(Path file, Path earlier) {
    if (Files.exists(earlier)) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use the secret %s: this lake's subject keys were made with %s, which is not to lie"
              + " in the lake any more. %s",
          file,
          earlier,
          Files.exists(file)
              ? "Remove the one of the two that is not in use; what is kept goes to " + file + "."
              : "Move it: mkdir -p -m 700 %s && mv %s %s"
                  .formatted(file.getParent(), earlier, file));
    }
  }

  /** Whether the path lies in a store of its own, not on this machine. */
  public static boolean isRemote(String path) {
    return path.matches("[a-z][a-z0-9+.-]*://.*");
  }

  /**
   * A folder of the settings, in the lake's bucket or on this machine, to write plain files to.
   *
   * @throws UserError CONFIG_INVALID if it lies in the lake's tables or registry, or cannot be made
   */
  public OutputFolder output(String setting) throws IOException {
    String path = path(setting);
    tables.makeFolder(path);
    return new OutputFolder(this, path);
  }

  /** A file of the settings, brought to this machine where it is not; it need not exist. */
  public Path input(String setting) throws IOException {
    String path = path(setting);
    if (!isRemote(path)) {
      return Path.of(path);
    }
    Path folder = Files.createTempDirectory("lakeloop-input-");
    Path copy = folder.resolve("file");
    // The last that is registered goes first.
    folder.toFile().deleteOnExit();
    copy.toFile().deleteOnExit();
    tables.download(path, copy);
    return copy;
  }

  /** A setting's text as tables may hold it: personal data replaced. */
  public String shown(String setting) {
    return new NameRedactor().redact(setting);
  }

  /** The environment that this run belongs to. */
  public String environment() {
    return start.environment();
  }

  public Environments environments() {
    return environments;
  }

  /** Start of the run's first attempt: the only time that rows may carry. */
  public Timestamp startedAt() {
    return Timestamp.from(start.startedAt());
  }

  /** Other runs that drivers are at work on now. */
  public List<Unfinished> othersAtWork() throws IOException, InterruptedException {
    return registry.atWork().stream().filter(run -> !run.runId().equals(start.runId())).toList();
  }

  /** Prints a line for the person who watches. */
  public void say(String message, Object... arguments) {
    console.say("  " + message, arguments);
  }

  public void progress(String work, long done, long total, String note) {
    console.progress(work, done, total, note);
  }

  /** A random key that depends on the seed and the purpose alone. */
  public static long key(long seed, String purpose) {
    return CounterRandom.bits(seed, purpose.hashCode());
  }

  /** Notes how many records the job has taken in: Spark alone cannot tell without another pass. */
  public void countRead(long rows) {
    lineage.countRead(rows);
  }

  /**
   * Fixes what files from outside hold: every attempt of the run reads what its first one found,
   * unless that ended because of what they held.
   *
   * @param files size and digest by name
   * @throws UserError CONFIG_INVALID if the first attempt found others
   */
  public void pinFiles(Map<String, String> files) {
    pinFiles.accept(files);
  }

  /** Notes what became of the records of a file. */
  public void account(InputFile input) {
    lineage.account(input);
  }

  /** Notes that a file outside the lake was read. */
  public void readFile(String name, String digest) {
    lineage.read("file", name, null, null, digest);
  }

  /** Notes that a file outside the lake's tables was written. */
  void wroteFile(String name, String digest) {
    lineage.write("file", name, null, null, digest, 0);
  }

  /** The model that a setting names, as pinned when the run's first attempt began. */
  public ModelVersion resolve(ModelRef ref) throws IOException {
    String pinned = start.pinned().get("model:" + ref);
    ModelVersion version =
        registry().resolve(pinned == null ? ref : new ModelRef(ref.model(), Name.parse(pinned)));
    lineage.read(
        "model",
        version.model(),
        String.valueOf(version.version()),
        null,
        version.manifest().digest());
    return version;
  }

  /**
   * The model that a setting names. A folder is taken into the registry first, as it is and once
   * for the same files, so that what is trained from it can be traced and repeated.
   *
   * @throws UserError INPUT_MISSING or ARTIFACT_CORRUPT if the folder holds no model, one that does
   *     not load, or a link
   */
  public ModelVersion resolve(ModelSource source) throws IOException {
    return source.ref() != null
        ? resolve(source.ref())
        : takeIn(source.folder(), source.registryName());
  }

  /**
   * Takes the model in a folder into the registry, once for the same files.
   *
   * @throws UserError INPUT_MISSING or ARTIFACT_CORRUPT if the folder holds no model, one that does
   *     not load, or a link
   */
  public ModelVersion takeIn(Path source, Name name) throws IOException {
    ModelFolder folder = new ModelFolder(source);
    check(folder);
    SortedMap<String, Path> files = folder.files();
    SortedMap<String, String> digests = new TreeMap<>();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      digests.put(file.getKey(), Digest.of(file.getValue()));
    }
    Optional<ModelVersion> same = registry().find(name, digests);
    if (same.isPresent() && !same.get().manifest().runId().equals(runId())) {
      return resolve(same.get().ref());
    }
    readFile(source.toString(), Digest.of(digests.toString()));
    Path draft = draft(name);
    for (Map.Entry<String, Path> file : files.entrySet()) {
      Path copy = draft.resolve(file.getKey());
      Files.createDirectories(copy.getParent());
      Files.copy(file.getValue(), copy, LinkOption.NOFOLLOW_LINKS);
    }
    // What is published is what was checked, whatever happened to the folder meanwhile.
    check(new ModelFolder(draft));
    return publish(draft, name, "base-lm", List.of(), "", 0);
  }

  private static void check(ModelFolder folder) throws IOException {
    LmConfig config = folder.check();
    try (Tokenizer tokenizer = Tokenizer.open(folder.folder())) {
      tokenizer.requireWithin(config, folder.folder());
    }
  }

  /**
   * What this run goes on from when it is stopped and submitted again.
   *
   * @param kind what the folders hold
   */
  public Checkpoints checkpoints(String kind) {
    return registry().checkpoints(start.runId(), Name.parse(kind));
  }

  public Registry registry() {
    return registry.registry();
  }

  /** An empty folder to build this run's version of the model in. */
  public Path draft(Name model) throws IOException {
    return registry().draft(model, start.runId());
  }

  /**
   * Publishes the draft as the model's next version and writes its row.
   *
   * @param snapshotId data set that it was trained on, or empty
   */
  public ModelVersion publish(
      Path draft, Name model, String kind, List<ModelVersion> parents, String snapshotId, long seed)
      throws IOException {
    ModelVersion published =
        registry()
            .publish(
                draft,
                new Manifest(
                    model.text(),
                    0,
                    kind,
                    runId(),
                    parents.stream().map(ModelVersion::toString).toList(),
                    snapshotId,
                    start.configDigest(),
                    start.codeVersion(),
                    seed,
                    start.startedAt().toString(),
                    new TreeMap<>()));
    modelVersions.add(row(published));
    tables.replace(modelVersions);
    lineage.write(
        "model",
        model.text(),
        String.valueOf(published.version()),
        null,
        published.manifest().digest(),
        0);
    console.say("  published %s (%s)", published, kind);
    return published;
  }

  /**
   * The tables of another environment, read as they are; what is written there is this run's slice.
   */
  public RunTables tablesOf(Environments.Environment other) {
    return RunTables.unpinned(other.lake(), start.runId());
  }

  /** What model_versions says of a version. */
  public static Map<String, Object> row(ModelVersion version) throws IOException {
    Manifest manifest = version.manifest();
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", manifest.runId());
    row.put("model", manifest.model());
    row.put("version", manifest.version());
    row.put("kind", manifest.kind());
    row.put("digest", manifest.digest());
    row.put("manifest_digest", version.manifestDigest());
    row.put("parents", manifest.parents().toArray(String[]::new));
    row.put("snapshot_id", manifest.snapshotId().isEmpty() ? null : manifest.snapshotId());
    row.put("config_digest", manifest.configDigest());
    row.put("code_version", manifest.codeVersion());
    row.put("seed", manifest.seed());
    row.put("created_at", Timestamp.from(Instant.parse(manifest.createdAt())));
    row.put("status", "published");
    return row;
  }
}
