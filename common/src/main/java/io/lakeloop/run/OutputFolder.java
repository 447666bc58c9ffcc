package io.lakeloop.run;

import io.lakeloop.config.Digest;
import io.lakeloop.config.FolderTree;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A folder that a job writes plain files to. Where the settings name one in a bucket, files are
 * written on this machine first and copied when they are whole.
 */
public final class OutputFolder implements AutoCloseable {
  private final JobContext context;
  private final String name;
  private final Path local;
  private final boolean remote;

  OutputFolder(JobContext context, String name) throws IOException {
    this.context = context;
    this.name = name;
    this.remote = JobContext.isRemote(name);
    this.local = remote ? Files.createTempDirectory("lakeloop-output-") : plain(name);
  }

  /** As it was tried: Java would follow a link before the dots behind it, Hadoop does not. */
  private static Path plain(String name) {
    String path = new org.apache.hadoop.fs.Path(name).toUri().getPath();
    return Path.of(path).toAbsolutePath().normalize();
  }

  /** Where to write. */
  public Path path() {
    return local;
  }

  /**
   * Requires that nothing is there but what runs have written.
   *
   * @throws UserError CONFIG_INVALID if the folder holds other files
   */
  public void requireOwnedByRuns() {
    context.tables().takeFolder(name);
  }

  /**
   * Where to write a file of that name.
   *
   * @throws UserError CONFIG_INVALID if none can be written there
   */
  public Path file(String file) {
    context.tables().requireFile(name + "/" + file);
    return local.resolve(file);
  }

  /** Brings a file, now whole, to its place, and notes that this run wrote it. */
  public void publish(String file) throws IOException {
    Path written = local.resolve(file);
    context.wroteFile(name + "/" + file, Digest.of(written));
    if (remote) {
      context.tables().upload(written, name + "/" + file);
    }
  }

  /** What the settings call it. */
  @Override
  public String toString() {
    return name;
  }

  @Override
  public void close() throws IOException {
    if (remote) {
      FolderTree.delete(local);
    }
  }
}
