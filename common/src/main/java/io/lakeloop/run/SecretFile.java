package io.lakeloop.run;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import io.lakeloop.table.StorageFailure;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;

/** A secret that lives in a file of its own: never in settings, logs or tables. */
final class SecretFile {
  private static final int BYTES = 32;
  private static final String HOW = "head -c 32 /dev/urandom | base64 > FILE";

  private SecretFile() {}

  /**
   * Reads the secret.
   *
   * @param createIfMissing makes a new one, readable by its owner alone
   * @throws UserError INPUT_MISSING if there is none, CONFIG_INVALID if it is too short to protect
   */
  static byte[] read(Path file, boolean createIfMissing) throws IOException {
    if (createIfMissing && !Files.exists(file)) {
      try {
        create(file);
      } catch (FileSystemException e) {
        throw StorageFailure.ofPlace(e)
            .orElseGet(
                () ->
                    new UserError(
                        ErrorCode.CONFIG_INVALID,
                        "Cannot make the secret %s: %s. Name another file.",
                        file,
                        RootCause.line(e)));
      }
    }
    if (!Files.isRegularFile(file)) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot read the secret %s: there is no such file. Make one with: %s",
          file,
          HOW);
    }
    byte[] secret = text(file).strip().getBytes(StandardCharsets.UTF_8);
    if (secret.length < BYTES) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use the secret %s: it has %d characters, at least %d are needed.",
          file,
          secret.length,
          BYTES);
    }
    return secret;
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use the secret %s: it is no text. Make one with: %s",
          file,
          HOW);
    }
  }

  private static void create(Path file) throws IOException {
    Files.createDirectories(
        file.toAbsolutePath().getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    byte[] fresh = new byte[BYTES];
    new SecureRandom().nextBytes(fresh);
    Path draft =
        Files.createTempFile(
            file.toAbsolutePath().getParent(),
            ".secret-",
            "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(draft, Base64.getEncoder().encodeToString(fresh));
    try {
      // Whole at once, and of two that make one the first one's is taken.
      Files.createLink(file, draft);
    } catch (FileAlreadyExistsException e) {
      // Read below.
    } catch (UnsupportedOperationException | FileSystemException e) {
      // No hard links there: who starts in the very moment of the copy is refused, and told.
      copy(draft, file);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  private static void copy(Path draft, Path file) throws IOException {
    try {
      Files.copy(draft, file, StandardCopyOption.COPY_ATTRIBUTES);
    } catch (FileAlreadyExistsException e) {
      // Of two that make one the first one's is taken.
    }
  }
}
