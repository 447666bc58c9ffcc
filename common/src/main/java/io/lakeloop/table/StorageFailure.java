package io.lakeloop.table;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import java.io.FileNotFoundException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.AccessDeniedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.security.AccessControlException;

/**
 * Failures of what the lake lies on, which only a person can mend: files that are damaged or gone,
 * a disk that is full, a folder that nobody may write.
 */
public final class StorageFailure {
  private static final Pattern PATH =
      Pattern.compile("(?:file|s3a?|hdfs|abfss?|gs):/+[^\\s,;'\"()]*[^\\s,;'\"().:]");

  /** What Spark, Parquet and Delta say of a file that they cannot read. */
  private static final Pattern UNREADABLE =
      Pattern.compile(
          "error while reading file|Could not read footer|is not a Parquet file|does not exist"
              + "|FAILED_READ_FILE|CANNOT_READ_FILE_FOOTER|corrupt|can not read class"
              + "|Unable to reconstruct state|versions are not contiguous|MISSING_PART_FILES",
          Pattern.CASE_INSENSITIVE);

  private StorageFailure() {}

  /** What the person at the keyboard is told, empty where it is something else. */
  public static Optional<UserError> of(Throwable failure) {
    return ofPlace(failure).or(() -> ofFile(causes(failure)));
  }

  /** The innermost first: those around it repeat what it says. */
  private static List<Throwable> causes(Throwable failure) {
    List<Throwable> causes = new ArrayList<>();
    for (Throwable t = failure; t != null && causes.size() < 50; t = t.getCause()) {
      causes.add(0, t);
    }
    return causes;
  }

  /** The same where no file is to blame: what it lies on is full, denied, or does not answer. */
  public static Optional<UserError> ofPlace(Throwable failure) {
    for (Throwable cause : causes(failure)) {
      String message = String.valueOf(cause.getMessage());
      if (message.contains("No space left on device")) {
        return Optional.of(full());
      }
      if (cause instanceof AccessDeniedException denied) {
        return Optional.of(denied(denied.getFile(), "permission denied"));
      }
      if (message.contains("Read-only file system")) {
        return Optional.of(
            denied(message.replaceAll(":? *\\(?Read-only.*", ""), "it is read-only"));
      }
      if (cause instanceof FileNotFoundException && message.endsWith("(Permission denied)")) {
        return Optional.of(
            denied(message.replace(" (Permission denied)", ""), "permission denied"));
      }
      if (cause instanceof AccessControlException) {
        return Optional.of(denied("what is asked for", RootCause.line(cause)));
      }
      if (cause instanceof SocketException || cause instanceof SocketTimeoutException) {
        return Optional.of(unreachable(cause));
      }
    }
    return Optional.empty();
  }

  private static Optional<UserError> ofFile(List<Throwable> causes) {
    for (Throwable cause : causes) {
      String message = String.valueOf(cause.getMessage());
      Matcher path = PATH.matcher(message);
      if (UNREADABLE.matcher(message).find() && path.find()) {
        return Optional.of(damaged(path.group()));
      }
    }
    // Parquet's own library may tell of damage without the file's name.
    return causes.stream()
            .anyMatch(cause -> cause.getClass().getName().contains("parquet.org.apache.thrift"))
        ? Optional.of(damaged(path(causes).orElse("a Parquet file")))
        : Optional.empty();
  }

  private static Optional<String> path(List<Throwable> causes) {
    return causes.stream()
        .map(cause -> PATH.matcher(String.valueOf(cause.getMessage())))
        .filter(Matcher::find)
        .map(Matcher::group)
        .findFirst();
  }

  private static UserError unreachable(Throwable cause) {
    return new UserError(
        ErrorCode.UNAVAILABLE,
        "Cannot go on: what the lake, its inputs or its cluster lie on does not answer (%s). What was"
            + " published before is whole. Run this again when it answers.",
        RootCause.line(cause));
  }

  private static UserError full() {
    return new UserError(
        ErrorCode.UNAVAILABLE,
        "Cannot go on: no space is left where the lake, the registry or temporary files"
            + " (spark.local.dir, java.io.tmpdir) lie. What was published before is whole. Make room"
            + " and run this again.");
  }

  private static UserError denied(String place, String why) {
    return new UserError(
        ErrorCode.INPUT_MISSING,
        "Cannot use %s: %s. Give this user the right to it, or name another place.",
        place,
        why);
  }

  private static UserError damaged(String path) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot read %s: it is damaged or gone. %s",
        path,
        path.contains("/_delta_log/")
            ? "Restore it from a copy; a last commit that was cut off may be moved away, and the table"
                + " is as it was before it."
            : "Restore it from a copy, or fetch it again; an earlier version of a table may be whole"
                + " (SELECT ... VERSION AS OF).");
  }
}
