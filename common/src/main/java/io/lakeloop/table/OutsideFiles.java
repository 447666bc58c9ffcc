package io.lakeloop.table;

import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import io.lakeloop.s3.BucketFailure;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Files that jobs write for others, wherever Hadoop's file systems reach. Each appears when it is
 * whole, and never in the place of what no run has made.
 */
public final class OutsideFiles {
  /** In the place of a digest: of what no run can have made. */
  private static final String CHANGED = "changed";

  private static final String MARK = ".lakeloop";

  private final Configuration hadoop;
  private final List<Path> kept;

  /**
   * @param kept folders that only the lake itself writes in
   */
  OutsideFiles(Configuration hadoop, List<Path> kept) {
    this.hadoop = hadoop;
    this.kept = kept;
  }

  /**
   * Writes the rows as Parquet to a folder.
   *
   * @param isOurs tells by the {@link #digest} of what is there whether a run has made it, so that
   *     it may go
   * @param announce told the digest just before the folder appears, so that a run that dies then
   *     knows it
   * @throws UserError CONFIG_INVALID if something else is there, or nothing can be written there
   */
  public void write(
      Dataset<Row> rows, String path, Predicate<String> isOurs, Consumer<String> announce)
      throws IOException {
    Path target = free(path, isOurs);
    Path draft = draft(target);
    rows.write().mode("overwrite").parquet(draft.toString());
    announce.accept(digest(draft));
    appear(draft, target);
  }

  /**
   * Writes lines to a file.
   *
   * @param array true to make one JSON array of them
   * @param isOurs as in {@link #write}
   * @param announce told the digest and the number of lines just before the file appears
   * @return lines written; where there is none, no file is made
   * @throws UserError CONFIG_INVALID if something else is there, or nothing can be written there
   */
  public long writeLines(
      Iterator<String> lines,
      String path,
      boolean array,
      Predicate<String> isOurs,
      ObjLongConsumer<String> announce)
      throws IOException {
    Path target = free(path, isOurs);
    Path draft = draft(target);
    FileSystem files = fileSystem(target);
    long written = 0;
    try (Writer out =
        new BufferedWriter(
            new OutputStreamWriter(files.create(draft, true), StandardCharsets.UTF_8))) {
      while (lines.hasNext()) {
        out.write(array ? written == 0 ? "[\n" : ",\n" : "");
        out.write(lines.next());
        out.write(array ? "" : "\n");
        written++;
      }
      out.write(array && written > 0 ? "\n]\n" : "");
    }
    if (written == 0) {
      files.delete(draft, false);
      return 0;
    }
    announce.accept(digest(draft), written);
    appear(draft, target);
    return written;
  }

  /** Beside the target, under a name that nobody else gives. */
  private static Path draft(Path target) {
    return new Path(target.getParent(), "." + target.getName() + ".lakeloop-draft");
  }

  /** SHA-256 of a file, or of the names and sizes of a folder's files: Spark draws these anew. */
  private String digest(Path path) throws IOException {
    FileSystem files = fileSystem(path);
    if (isDevice(path)) {
      return CHANGED;
    }
    if (files.getFileStatus(path).isFile()) {
      try (InputStream in = files.open(path)) {
        return Digest.of(in);
      } catch (ChecksumException e) {
        // Hadoop's own checksum beside the file: somebody has changed it since.
        return CHANGED;
      }
    }
    List<String> names = new ArrayList<>();
    RemoteIterator<FileStatus> below = files.listStatusIterator(path);
    while (below.hasNext()) {
      FileStatus file = below.next();
      if (file.isDirectory()) {
        // No run makes folders in folders, and what lies below them may be without end.
        return CHANGED;
      }
      names.add(file.getPath().getName() + " " + file.getLen());
    }
    Collections.sort(names);
    return Digest.of(String.join("\n", names));
  }

  /** What is neither file nor folder, as a device or a pipe, may be read for ever. */
  private boolean isDevice(Path path) throws IOException {
    Path whole = fileSystem(path).makeQualified(path);
    if (!"file".equals(whole.toUri().getScheme())) {
      return false;
    }
    java.nio.file.Path local = java.nio.file.Path.of(whole.toUri().getPath());
    return !Files.isRegularFile(local) && !Files.isDirectory(local);
  }

  /** The path as one that a run may write, its folder made and tried. */
  private Path free(String path, Predicate<String> isOurs) {
    return tried(
        path,
        () -> {
          Path target = named(path);
          if (fileSystem(target).exists(target) && !isOurs.test(digest(target))) {
            throw cannotWrite(path, "it exists, and is not what a run of this lake has made");
          }
          tryToWrite(target);
          return target;
        });
  }

  /**
   * Makes a folder for files that a job writes by itself.
   *
   * @throws UserError CONFIG_INVALID if it lies in the lake, or cannot be made or written to
   */
  public void makeFolder(String path) {
    tried(
        path,
        () -> {
          Path folder = outside(path);
          if (!fileSystem(folder).mkdirs(folder)) {
            throw cannotWrite(path, "the folder cannot be made");
          }
          tryToWrite(new Path(folder, "file"));
          return folder;
        });
  }

  /**
   * Takes a folder for what a job writes into it alone, run after run: a mark tells it from others.
   *
   * @throws UserError CONFIG_INVALID as {@link #makeFolder}, or if the folder holds other files
   */
  public void takeFolder(String path) {
    makeFolder(path);
    tried(
        path,
        () -> {
          Path folder = outside(path);
          FileSystem files = fileSystem(folder);
          Path mark = new Path(folder, MARK);
          if (!files.exists(mark) && files.listStatusIterator(folder).hasNext()) {
            throw cannotWrite(path, "it holds files that no run has written");
          }
          // A folder: a file would have a checksum beside it.
          files.mkdirs(mark);
          return folder;
        });
  }

  /**
   * Tries a file that a job writes by itself; one that is there may be written anew.
   *
   * @throws UserError CONFIG_INVALID if it lies in the lake, is a folder, or cannot be written
   */
  public void requireFile(String path) {
    tried(
        path,
        () -> {
          Path target = named(path);
          FileSystem files = fileSystem(target);
          if (files.exists(target) && (isDevice(target) || !files.getFileStatus(target).isFile())) {
            throw cannotWrite(path, "it is there, and no file");
          }
          tryToWrite(target);
          return target;
        });
  }

  private void tryToWrite(Path target) throws IOException {
    FileSystem files = fileSystem(target);
    // What a killed attempt has left may be a folder.
    files.delete(draft(target), true);
    files.create(draft(target), true).close();
    files.delete(draft(target), true);
  }

  @FunctionalInterface
  private interface Attempt {
    Path make() throws IOException;
  }

  /** What fails is told in a line, whichever file system it is of. */
  private static Path tried(String path, Attempt attempt) {
    try {
      return attempt.make();
    } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
      throw BucketFailure.of(e)
          .or(() -> StorageFailure.of(e))
          .orElseGet(() -> cannotWrite(path, RootCause.line(e)));
    }
  }

  /** The path of a file, in full. */
  private Path named(String path) throws IOException {
    Path target = outside(path);
    if (target.getName().contains(":")) {
      throw cannotWrite(path, "its name has a colon");
    }
    return target;
  }

  /** The path in full, which does not lie in what only the lake writes in. */
  private Path outside(String path) throws IOException {
    Path target = fileSystem(new Path(path)).makeQualified(new Path(path));
    for (Path folder : kept) {
      if (isInOneStore(target, folder)
          && (place(target) + "/").startsWith(place(folder).replaceFirst("/*$", "/"))) {
        throw cannotWrite(path, "it lies in " + folder + ", which is the lake's own");
      }
    }
    return target;
  }

  private boolean isInOneStore(Path target, Path folder) {
    String scheme = folder.toUri().getScheme();
    return scheme == null || scheme.equals(target.toUri().getScheme());
  }

  /** Where a path leads, links of this machine followed. */
  private String place(Path path) throws IOException {
    Path whole = fileSystem(path).makeQualified(path);
    if (!"file".equals(whole.toUri().getScheme())) {
      return whole.toString();
    }
    java.nio.file.Path local = java.nio.file.Path.of(whole.toUri().getPath());
    java.nio.file.Path there = local;
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    return "file:" + there.toRealPath().resolve(there.relativize(local));
  }

  private static UserError cannotWrite(String path, String why) {
    return new UserError(
        ErrorCode.CONFIG_INVALID, "Cannot write %s: %s. Name another place.", path, why);
  }

  private void appear(Path draft, Path target) throws IOException {
    FileSystem files = fileSystem(target);
    files.delete(target, true);
    if (!files.rename(draft, target)) {
      throw new IOException(draft + " cannot be renamed to " + target + ".");
    }
  }

  /** Copies a file of this machine to wherever Hadoop's file systems reach. */
  public void upload(java.nio.file.Path file, String target) throws IOException {
    Path to = new Path(target);
    fileSystem(to).copyFromLocalFile(false, true, new Path(file.toUri()), to);
  }

  /** Copies a file from wherever Hadoop's file systems reach to this machine, if there is one. */
  public void download(String source, java.nio.file.Path file) throws IOException {
    Path from = new Path(source);
    if (fileSystem(from).exists(from)) {
      try (InputStream in = fileSystem(from).open(from)) {
        Files.copy(in, file);
      }
    }
  }

  private FileSystem fileSystem(Path path) throws IOException {
    return path.getFileSystem(hadoop);
  }
}
