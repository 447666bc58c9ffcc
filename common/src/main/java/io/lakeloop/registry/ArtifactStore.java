package io.lakeloop.registry;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where published folders and small mutable records lie. Publishing is all or nothing, and a record
 * changes only from the value that its writer has seen, so that of two writers one wins.
 */
public interface ArtifactStore extends Serializable {
  /** The folder or bucket prefix. */
  String address();

  /**
   * An empty local folder to build an artifact in, on the medium that it is published from.
   *
   * @param name where among the drafts, parts with a slash between them
   */
  Path draft(String name) throws IOException;

  /** Lets go of the draft and of those below it; there need not be any. */
  void discard(String name) throws IOException;

  /**
   * Makes the draft visible under the name, whole.
   *
   * @return false if something is published under this name already; the draft is then untouched
   */
  boolean publish(Path draft, String name) throws IOException;

  /** Names published directly below the prefix, sorted. */
  List<String> list(String prefix) throws IOException;

  /** A local folder with the published files. */
  Path fetch(String name) throws IOException;

  /** One small text file of what is published, empty where it is not. */
  Optional<String> read(String name, String file) throws IOException;

  /** Removes what is published under the name; there need not be anything. */
  void remove(String name) throws IOException;

  /** The record's value, empty where it was never written. */
  Optional<String> record(String name) throws IOException;

  /**
   * Sets the record if it still has the expected value.
   *
   * @return false if somebody else changed it
   */
  boolean replaceRecord(String name, Optional<String> expected, String value) throws IOException;

  /**
   * Removes the record if it still has the expected value.
   *
   * @return false if somebody else changed it
   */
  boolean removeRecord(String name, String expected) throws IOException;
}
