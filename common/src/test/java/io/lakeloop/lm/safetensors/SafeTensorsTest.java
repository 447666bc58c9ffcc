package io.lakeloop.lm.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest {
  @TempDir Path folder;

  @Test
  void whatIsWrittenIsRead() throws IOException {
    Path file = folder.resolve("x.safetensors");
    SafeTensors.write(
        file,
        Map.of(
            "a", SafeTensors.of(new long[] {2, 3}, 1, 2, 3, 4, 5, 6),
            "b", SafeTensors.of(new long[] {}, -0.5f)));
    Map<String, SafeTensors.Tensor> read = SafeTensors.open(file);
    assertThat(read).containsOnlyKeys("a", "b");
    assertThat(read.get("a").shape()).containsExactly(2, 3);
    assertThat(read.get("a").floats()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(read.get("b").floats()).containsExactly(-0.5f);
  }

  @Test
  void refusesTruncatedFiles() throws IOException {
    Path file = file("{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 8);
    assertRefused(file, "tensor w");
  }

  @Test
  void refusesHeadersLargerThanTheFile() throws IOException {
    Path file = folder.resolve("big.safetensors");
    Files.write(
        file, ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(1L << 40).array());
    assertRefused(file, "header claims");
  }

  @Test
  void refusesOverlapsAndWrongShapes() throws IOException {
    assertRefused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
            16),
        "overlaps");
    assertRefused(
        file("{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8), "tensor w");
    assertRefused(
        file("{\"w\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8), "tensor w");
  }

  private Path file(String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json);
    return Files.write(folder.resolve("broken.safetensors"), bytes.array());
  }

  private static void assertRefused(Path file, String why) {
    assertThatThrownBy(() -> SafeTensors.open(file))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(why);
  }
}
