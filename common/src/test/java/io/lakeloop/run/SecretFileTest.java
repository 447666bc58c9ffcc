package io.lakeloop.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretFileTest {
  @TempDir Path folder;

  @Test
  void isMadeOnceForItsOwnerAlone() throws IOException {
    Path file = folder.resolve("new/key");
    byte[] made = SecretFile.read(file, true);
    assertThat(made.length).isGreaterThanOrEqualTo(32);
    assertThat(SecretFile.read(file, true)).isEqualTo(made);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void thatIsNoTextOrCannotBeMadeIsToldInALine() throws IOException {
    Path binary =
        Files.write(folder.resolve("binary"), new byte[] {(byte) 0xC3, 0x28, (byte) 0xFF});
    refused(binary, "it is no text");
    refused(binary.resolve("below"), "Name another file");
    refused(folder.resolve("n".repeat(300)), "Name another file");
    refused(Files.writeString(folder.resolve("short"), "short"), "it has 5 characters");
  }

  private static void refused(Path file, String says) {
    assertThatThrownBy(() -> SecretFile.read(file, true))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(says)
        .message()
        .hasLineCount(1);
  }
}
