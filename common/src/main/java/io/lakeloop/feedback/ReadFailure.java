package io.lakeloop.feedback;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import io.lakeloop.s3.BucketFailure;
import io.lakeloop.table.StorageFailure;
import io.lakeloop.text.NameRedactor;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.ChecksumException;

/** Tells what lies between us and a file from what is wrong with the file itself. */
final class ReadFailure {
  /** Where failures are of what a file holds. */
  private static final List<String> DECODERS =
      List.of(
          "org.apache.parquet.",
          "org.apache.spark.",
          "org.apache.hadoop.io.compress.",
          "org.xerial.snappy.",
          "com.github.luben.zstd.",
          "net.jpountz.");

  private ReadFailure() {}

  /**
   * What the person is told where the file is not to blame, or is no longer what it was; empty
   * where it holds what cannot be read.
   *
   * @param name what messages call the file
   */
  static Optional<UserError> notOfFile(String name, Throwable failure) {
    Throwable root = RootCause.of(failure);
    Optional<UserError> storage =
        BucketFailure.of(failure)
            .or(() -> StorageFailure.ofPlace(failure).map(ReadFailure::withoutPersonalData));
    if (storage.isPresent()) {
      return storage;
    }
    if (root instanceof FileNotFoundException || root instanceof NoSuchFileException) {
      return Optional.of(changed(name));
    }
    return root instanceof IOException cause && isOfTheWay(cause)
        ? Optional.of(unavailable(name, cause))
        : Optional.empty();
  }

  /** The same of a file whose bytes are fetched and not yet looked at. */
  static UserError notNow(String name, IOException cause) {
    return notOfFile(name, cause).orElseGet(() -> unavailable(name, cause));
  }

  static UserError changed(String name) {
    return new UserError(
        ErrorCode.INPUT_CHANGED,
        "Cannot read %s: it changed while it was read. Run this again when nobody writes to it.",
        name);
  }

  private static UserError unavailable(String name, IOException cause) {
    return new UserError(
        ErrorCode.UNAVAILABLE,
        "Cannot read %s now: %s. Run this again when its storage answers.",
        name,
        new NameRedactor().redact(RootCause.line(cause)));
  }

  private static UserError withoutPersonalData(UserError error) {
    return new UserError(error.code(), "%s", new NameRedactor().redact(error.getMessage()));
  }

  /** Damaged files have readers seek what is not there, and Hadoop's checksums tell of them. */
  private static boolean isOfTheWay(IOException failure) {
    return !(failure instanceof EOFException)
        && !(failure instanceof ChecksumException)
        && Arrays.stream(failure.getStackTrace())
            .map(StackTraceElement::getClassName)
            .filter(name -> !name.startsWith("java."))
            .findFirst()
            .filter(name -> DECODERS.stream().noneMatch(name::startsWith))
            .isPresent();
  }
}
