package io.lakeloop.registry;

import io.lakeloop.config.FolderTree;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Artifacts below a local folder; a rename makes them visible. */
public final class LocalArtifactStore implements ArtifactStore {
  /** As text, since stores travel to executors and paths cannot. */
  private final String folder;

  public LocalArtifactStore(Path root) {
    this.folder = root.toAbsolutePath().normalize().toString();
  }

  private Path inside(String name) {
    Path root = Path.of(folder);
    Path path = root.resolve(name).normalize();
    if (!path.startsWith(root)) {
      throw new IllegalArgumentException("The name " + name + " leads out of the registry.");
    }
    return path;
  }

  @Override
  public Path draft(String name) throws IOException {
    Path draft = inside(".drafts/" + name);
    FolderTree.delete(draft);
    return Files.createDirectories(draft);
  }

  /** Out of sight in one step, then file by file. */
  @Override
  public void remove(String name) throws IOException {
    Path target = inside(name);
    if (Files.exists(target)) {
      Path draft = draft("removed-" + name.replace('/', '-'));
      Files.move(target, draft, StandardCopyOption.ATOMIC_MOVE);
      FolderTree.delete(draft);
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
    return Files.isRegularFile(path) ? Optional.of(Files.readString(path)) : Optional.empty();
  }

  @Override
  public Optional<String> record(String name) throws IOException {
    Path file = inside(name);
    return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
  }

  @Override
  public boolean replaceRecord(String name, Optional<String> expected, String value)
      throws IOException {
    Path file = inside(name);
    Files.createDirectories(file.getParent());
    // The file lock keeps other processes out, but throws at a second thread of this one.
    synchronized (LocalArtifactStore.class) {
      return replaceLocked(file, name, expected, value);
    }
  }

  private boolean replaceLocked(Path file, String name, Optional<String> expected, String value)
      throws IOException {
    Path lockFile = file.resolveSibling("." + file.getFileName() + ".lock");
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      if (!lock.isValid() || !record(name).equals(expected)) {
        return false;
      }
      Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
      Files.writeString(fresh, value);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return true;
    }
  }
}
