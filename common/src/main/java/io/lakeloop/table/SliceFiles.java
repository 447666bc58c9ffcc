package io.lakeloop.table;

import io.lakeloop.config.Name;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import org.apache.spark.sql.delta.actions.Action;
import org.apache.spark.sql.delta.actions.AddFile;
import org.apache.spark.sql.delta.actions.FileAction;
import scala.collection.immutable.Map;

/**
 * The files of one slice, as the table's log tells of them.
 *
 * @param column that the table is sliced by
 */
record SliceFiles(String column, Name slice) {
  /** Looking through more commits than these takes longer than asking Delta. */
  private static final int MOST_COMMITS = 50;

  /**
   * What a commit left of the slice, which it has written whole; empty where a later one touched
   * it, or where nobody can tell.
   *
   * @param from version of the commit
   * @param to version up to which nothing may have changed
   * @param log lines of a version's file in the log
   */
  Optional<List<AddFile>> asOf(long from, long to, LongFunction<List<String>> log) {
    if (to - from > MOST_COMMITS) {
      return Optional.empty();
    }
    try {
      for (long later = from + 1; later <= to; later++) {
        if (!files(log.apply(later)).isEmpty()) {
          return Optional.empty();
        }
      }
      List<AddFile> added = new ArrayList<>();
      for (FileAction file : files(log.apply(from))) {
        if (file instanceof AddFile add) {
          added.add(add);
        }
      }
      return Optional.of(added);
    } catch (UncheckedIOException e) {
      // The log's older files go when a checkpoint stands for them.
      return Optional.empty();
    }
  }

  private List<FileAction> files(List<String> lines) {
    List<FileAction> files = new ArrayList<>();
    for (String line : lines) {
      if (Action.fromJson(line) instanceof FileAction file && isOwn(file.partitionValues())) {
        files.add(file);
      }
    }
    return files;
  }

  /** Older writers leave out the values of what they remove. */
  private boolean isOwn(Map<String, String> values) {
    return values == null || !values.contains(column) || values.apply(column).equals(slice.text());
  }
}
