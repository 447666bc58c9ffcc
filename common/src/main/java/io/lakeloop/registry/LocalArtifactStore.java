package io.lakeloop.registry;

import io.lakeloop.config.FolderTree;
import io.lakeloop.config.Quoted;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Artifacts below a local folder; a rename makes them visible. */
public final class LocalArtifactStore implements ArtifactStore {
  private static final int ATTEMPTS = 1000;

  /** As text, since stores travel to executors and paths cannot. */
  private final String folder;

  public LocalArtifactStore(Path root) {
    this.folder = root.toAbsolutePath().normalize().toString();
  }

  @Override
  public String address() {
    return folder;
  }

  private Path inside(String name) {
    return below(Path.of(folder), name);
  }

  private Path inDrafts(String name) {
    return below(Path.of(folder, ".drafts"), name);
  }

  /** The second wall: names were checked before they became a path. */
  private static Path below(Path root, String name) {
    Path path = root.resolve(name).normalize();
    if (!path.startsWith(root) || path.equals(root)) {
      throw new IllegalArgumentException(
          "The name " + Quoted.of(name) + " leads out of the registry.");
    }
    return path;
  }

  @Override
  public Path draft(String name) throws IOException {
    Path draft = inDrafts(name);
    FolderTree.delete(draft);
    for (int attempt = 1; ; attempt++) {
      try {
        return Files.createDirectories(draft);
      } catch (NoSuchFileException | FileAlreadyExistsException e) {
        // Somebody who discards a draft beside this one has just removed the folder above, empty.
        if (attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /** With the folders above it that are then empty. */
  @Override
  public void discard(String name) throws IOException {
    Path draft = inDrafts(name);
    FolderTree.delete(draft);
    Path drafts = Path.of(folder, ".drafts");
    for (Path above = draft.getParent(); !above.equals(drafts); above = above.getParent()) {
      try {
        Files.deleteIfExists(above);
      } catch (DirectoryNotEmptyException e) {
        return;
      }
    }
  }

  /** Out of sight in one step, then file by file. */
  @Override
  public void remove(String name) throws IOException {
    Path target = inside(name);
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      // No run is called so.
      String draft = ".removed/" + name;
      Files.move(target, draft(draft), StandardCopyOption.ATOMIC_MOVE);
      discard(draft);
    }
  }

  @Override
  public boolean publish(Path draft, String name) throws IOException {
    Path target = inside(name);
    Files.createDirectories(target.getParent());
    try {
      Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (DirectoryNotEmptyException | FileAlreadyExistsException e) {
      return false;
    } catch (AtomicMoveNotSupportedException e) {
      throw e;
    } catch (FileSystemException e) {
      if (Files.exists(target)) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public List<String> list(String prefix) throws IOException {
    Path folder = inside(prefix);
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    }
  }

  @Override
  public Path fetch(String name) {
    return inside(name);
  }

  @Override
  public Optional<String> read(String name, String file) throws IOException {
    Path path = inside(name + "/" + file);
    return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
        ? Optional.of(text(path))
        : Optional.empty();
  }

  @Override
  public Optional<String> record(String name) throws IOException {
    Path file = inside(name);
    return Files.isRegularFile(file) ? Optional.of(text(file)) : Optional.empty();
  }

  /** What is no UTF-8 is for the reader to find garbled, not for the store to fail at. */
  private static String text(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  @Override
  public boolean replaceRecord(String name, Optional<String> expected, String value)
      throws IOException {
    Path file = inside(name);
    Files.createDirectories(file.getParent());
    return changed(
        name,
        expected,
        () -> {
          Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
          Files.writeString(fresh, value);
          Files.move(
              fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        });
  }

  @Override
  public boolean removeRecord(String name, String expected) throws IOException {
    Path file = inside(name);
    return Files.isRegularFile(file)
        && changed(name, Optional.of(expected), () -> Files.delete(file));
  }

  private interface Change {
    void make() throws IOException;
  }

  /**
   * Makes the change if the record has the expected value. All records of a folder share one lock,
   * which stays: a lock that goes with its record could be held twice, once on the file that was
   * deleted and once on the next.
   */
  private boolean changed(String name, Optional<String> expected, Change change)
      throws IOException {
    Path lockFile = inside(name).resolveSibling(".lock");
    // The file lock keeps other processes out, but throws at a second thread of this one.
    synchronized (LocalArtifactStore.class) {
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        if (!lock.isValid() || !record(name).equals(expected)) {
          return false;
        }
        change.make();
        return true;
      }
    }
  }
}
