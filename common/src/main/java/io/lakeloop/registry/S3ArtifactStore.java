package io.lakeloop.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.FolderTree;
import io.lakeloop.config.Quoted;
import io.lakeloop.config.UserError;
import io.lakeloop.s3.Bucket;
import io.lakeloop.s3.S3Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Artifacts in a bucket. Files go below {@code data/}, under the digest of them all, so that an
 * upload that was killed goes on where it was; then one object below {@code published/} that names
 * them makes them visible, written under the condition that nobody was first. What is fetched lies
 * in a temporary folder of this process, verified.
 */
public final class S3ArtifactStore implements ArtifactStore {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final S3Settings settings;
  private final String bucket;
  private final String prefix;

  /** Made anew where the store travels to. */
  private transient Path cache;

  private transient boolean conditional;

  /**
   * @param prefix of every key, without a slash at either end; may be empty
   */
  public S3ArtifactStore(S3Settings settings, String bucket, String prefix) {
    this.settings = settings;
    this.bucket = bucket;
    this.prefix = prefix.isEmpty() ? "" : prefix + "/";
  }

  /** What makes files visible: where they are, and the SHA-256 of each by its name. */
  private record Published(String data, SortedMap<String, String> files) {}

  private Bucket bucket() {
    return Bucket.open(settings, bucket);
  }

  private String key(String folder, String name) {
    if (name.startsWith("/") || List.of(name.split("/", -1)).contains("..")) {
      throw new IllegalArgumentException(
          "The name " + Quoted.of(name) + " leads out of the registry.");
    }
    return prefix + folder + "/" + name;
  }

  private synchronized Path cache() throws IOException {
    if (cache == null) {
      Path fresh = Files.createTempDirectory("lakeloop-registry-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteQuietly(fresh)));
      cache = fresh;
    }
    return cache;
  }

  private static void deleteQuietly(Path folder) {
    try {
      FolderTree.delete(folder);
    } catch (IOException e) {
      // The process ends: what is left in the temporary folder is the machine's to clear.
    }
  }

  private Path inDrafts(String name) throws IOException {
    Path drafts = cache().resolve("drafts");
    Path draft = drafts.resolve(name).normalize();
    if (!draft.startsWith(drafts) || draft.equals(drafts)) {
      throw new IllegalArgumentException(
          "The name " + Quoted.of(name) + " leads out of the drafts.");
    }
    return draft;
  }

  @Override
  public Path draft(String name) throws IOException {
    Path draft = inDrafts(name);
    FolderTree.delete(draft);
    return Files.createDirectories(draft);
  }

  @Override
  public void discard(String name) throws IOException {
    FolderTree.delete(inDrafts(name));
  }

  @Override
  public boolean publish(Path draft, String name) throws IOException {
    requireConditionalWrites();
    SortedMap<String, String> files = new TreeMap<>();
    try (Stream<Path> found = Files.walk(draft)) {
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        files.put(draft.relativize(file).toString().replace('\\', '/'), Digest.of(file));
      }
    }
    String folder = name + "/" + Digest.of(files.toString());
    String data = key("data", folder) + "/";
    if (bucket().read(key("published", name)).isPresent()) {
      return false;
    }
    bucket().abortUploads(data);
    for (Map.Entry<String, String> file : files.entrySet()) {
      bucket().upload(data + file.getKey(), draft.resolve(file.getKey()), file.getValue());
    }
    if (!bucket()
        .create(key("published", name), JSON.writeValueAsString(new Published(folder, files)))) {
      // Another writer was first. What was uploaded for nothing goes, unless it is the same.
      if (published(name).filter(theirs -> !theirs.data().equals(folder)).isPresent()) {
        bucket().deleteBelow(data);
      }
      return false;
    }
    Path kept = kept(folder);
    Files.createDirectories(kept.getParent());
    if (!Files.exists(kept)) {
      Files.move(draft, kept, StandardCopyOption.ATOMIC_MOVE);
    }
    return true;
  }

  /** Without them two writers could both believe that they were first. */
  private synchronized void requireConditionalWrites() throws IOException {
    String probe = key("records", ".conditional-writes");
    if (!conditional && bucket().create(probe, "first") && bucket().create(probe, "second")) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot publish in %s: the service overwrites objects in spite of If-None-Match, so two"
              + " writers could both win. Use one that honours conditional writes, as Amazon S3 does.",
          bucket());
    }
    conditional = true;
  }

  private Path kept(String folder) throws IOException {
    return cache().resolve("fetched").resolve(folder);
  }

  private Optional<Published> published(String name) throws IOException {
    Optional<Bucket.Stored> stored = bucket().read(key("published", name));
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    try {
      Published published = JSON.readValue(stored.get().content(), Published.class);
      if (published != null && published.data() != null && published.files() != null) {
        return Optional.of(published);
      }
    } catch (JsonProcessingException e) {
      // Told below.
    }
    throw new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot load %s: the object %s in %s is garbled. Restore it, or publish again.",
        name,
        key("published", name),
        bucket());
  }

  @Override
  public List<String> list(String names) throws IOException {
    return bucket().below(key("published", names) + "/");
  }

  @Override
  public Path fetch(String name) throws IOException {
    Optional<Published> published = published(name);
    if (published.isEmpty()) {
      return cache().resolve("missing").resolve(name);
    }
    Path folder = kept(published.get().data());
    if (!Files.exists(folder)) {
      Path fresh = Files.createTempDirectory(cache(), "fetching-");
      for (String file : published.get().files().keySet()) {
        download(published.get(), file, fresh);
      }
      Files.createDirectories(folder.getParent());
      try {
        Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        // Another thread was first with the same bytes.
        if (!Files.exists(folder)) {
          throw e;
        }
        FolderTree.delete(fresh);
      }
    }
    return folder;
  }

  @Override
  public Optional<String> read(String name, String file) throws IOException {
    Optional<Published> published = published(name);
    if (published.isEmpty() || !published.get().files().containsKey(file)) {
      return Optional.empty();
    }
    Path kept = kept(published.get().data()).resolve(file);
    if (Files.exists(kept)) {
      return Optional.of(Files.readString(kept));
    }
    Path folder = Files.createTempDirectory(cache(), "reading-");
    try {
      return Optional.of(Files.readString(download(published.get(), file, folder)));
    } finally {
      FolderTree.delete(folder);
    }
  }

  private Path download(Published published, String file, Path folder) throws IOException {
    Path target = folder.resolve(file).normalize();
    if (!target.startsWith(folder)) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot load %s: its file %s leads out of its folder. Publish it again.",
          published.data(),
          file);
    }
    Files.createDirectories(target.getParent());
    bucket()
        .download(key("data", published.data()) + "/" + file, target, published.files().get(file));
    return target;
  }

  /** Out of sight first, then object by object. */
  @Override
  public void remove(String name) throws IOException {
    Optional<Published> published = published(name);
    bucket().delete(key("published", name));
    bucket().deleteBelow(key("data", name) + "/");
    if (published.isPresent()) {
      FolderTree.delete(kept(published.get().data()));
    }
  }

  @Override
  public Optional<String> record(String name) throws IOException {
    return bucket().read(key("records", name)).map(Bucket.Stored::content);
  }

  @Override
  public boolean replaceRecord(String name, Optional<String> expected, String value)
      throws IOException {
    requireConditionalWrites();
    String key = key("records", name);
    Optional<Bucket.Stored> stored = bucket().read(key);
    if (!stored.map(Bucket.Stored::content).equals(expected)) {
      return false;
    }
    return stored.isEmpty()
        ? bucket().create(key, value)
        : bucket().replace(key, stored.get().tag(), value);
  }

  @Override
  public boolean removeRecord(String name, String expected) throws IOException {
    String key = key("records", name);
    Optional<Bucket.Stored> stored = bucket().read(key);
    return stored.filter(found -> found.content().equals(expected)).isPresent()
        && bucket().delete(key, stored.get().tag());
  }

  @Override
  public String address() {
    return "s3://" + bucket + "/" + prefix;
  }
}
