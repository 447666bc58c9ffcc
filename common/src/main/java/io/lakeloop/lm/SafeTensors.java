package io.lakeloop.lm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads and writes F32 tensors in the <a
 * href="https://huggingface.co/docs/safetensors/index#format">safetensors</a> layout: 8 bytes of
 * header length, a JSON header, the raw values. Reading never runs code.
 */
public final class SafeTensors {
  private static final long MAX_HEADER_BYTES = 16L << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private SafeTensors() {}

  /** One tensor: its shape and its values in row-major order. */
  public record Tensor(long[] shape, float[] values) {
    public Tensor {
      long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      if (size != values.length) {
        throw new IllegalArgumentException(
            "Shape " + Arrays.toString(shape) + " does not hold " + values.length + " values.");
      }
    }
  }

  /** Writes the tensors in name order, so that equal tensors give an equal file. */
  public static void write(Path file, Map<String, Tensor> tensors) throws IOException {
    SortedMap<String, Tensor> ordered = new TreeMap<>(tensors);
    ObjectNode header = JSON.createObjectNode();
    long offset = 0;
    for (Map.Entry<String, Tensor> entry : ordered.entrySet()) {
      ObjectNode node = header.putObject(entry.getKey());
      node.put("dtype", "F32");
      Arrays.stream(entry.getValue().shape()).forEach(node.putArray("shape")::add);
      long end = offset + 4L * entry.getValue().values().length;
      node.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = JSON.writeValueAsBytes(header);
    int padded = (json.length + 7) / 8 * 8;
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
      head.putLong(padded).put(json);
      while (head.hasRemaining()) {
        head.put((byte) ' ');
      }
      writeFully(out, head.flip());
      for (Tensor tensor : ordered.values()) {
        ByteBuffer values =
            ByteBuffer.allocate(4 * tensor.values().length).order(ByteOrder.LITTLE_ENDIAN);
        values.asFloatBuffer().put(tensor.values());
        writeFully(out, values);
      }
      out.force(true);
    }
  }

  /**
   * Reads every tensor of the file.
   *
   * @throws UserError ARTIFACT_CORRUPT where the file is truncated, its header is oversized or no
   *     JSON, or a tensor's type, shape or offsets do not fit; the message names the tensor
   */
  public static Map<String, Tensor> read(Path file) throws IOException {
    long size = Files.size(file);
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      check(size >= 8, file, "it has %d bytes, too few for a header", size);
      long headerBytes = map(in, 0, 8).getLong();
      check(
          headerBytes >= 2 && headerBytes <= Math.min(MAX_HEADER_BYTES, size - 8),
          file,
          "its header claims %d bytes in a file of %d",
          headerBytes,
          size);
      JsonNode header = header(in, file, (int) headerBytes);
      long start = 8 + headerBytes;
      Map<String, Tensor> tensors = new TreeMap<>();
      List<long[]> taken = new ArrayList<>();
      for (Map.Entry<String, JsonNode> entry : header.properties()) {
        if (!entry.getKey().equals("__metadata__")) {
          tensors.put(
              entry.getKey(),
              tensor(in, file, entry.getKey(), entry.getValue(), start, size, taken));
        }
      }
      return tensors;
    }
  }

  private static JsonNode header(FileChannel in, Path file, int bytes) throws IOException {
    byte[] json = new byte[bytes];
    map(in, 8, bytes).get(json);
    try {
      JsonNode header = JSON.readTree(new String(json, StandardCharsets.UTF_8));
      check(header != null && header.isObject(), file, "its header is not a JSON object");
      return header;
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw corrupt(file, "its header is not JSON");
    }
  }

  private static Tensor tensor(
      FileChannel in,
      Path file,
      String name,
      JsonNode node,
      long start,
      long fileSize,
      List<long[]> taken)
      throws IOException {
    String type = node.path("dtype").asText();
    check(type.equals("F32"), file, "tensor %s has type '%s', F32 is read", name, type);
    JsonNode offsets = node.path("data_offsets");
    long from = offsets.path(0).asLong(-1);
    long to = offsets.path(1).asLong(-1);
    check(
        from >= 0 && from <= to && to <= fileSize - start && to - from <= Integer.MAX_VALUE,
        file,
        "tensor %s lies at %d..%d of %d bytes",
        name,
        from,
        to,
        fileSize - start);
    for (long[] other : taken) {
      check(to <= other[0] || from >= other[1], file, "tensor %s overlaps another one", name);
    }
    taken.add(new long[] {from, to});
    long[] shape = new long[node.path("shape").size()];
    long count = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = node.path("shape").path(i).asLong(-1);
      check(
          shape[i] >= 0 && shape[i] <= Integer.MAX_VALUE, file, "tensor %s has a bad shape", name);
      count = Math.multiplyExact(count, shape[i]);
    }
    check(
        4 * count == to - from,
        file,
        "tensor %s of shape %s needs %d bytes, has %d",
        name,
        Arrays.toString(shape),
        4 * count,
        to - from);
    float[] values = new float[(int) count];
    FloatBuffer buffer = map(in, start + from, to - from).asFloatBuffer();
    buffer.get(values);
    return new Tensor(shape, values);
  }

  private static ByteBuffer map(FileChannel in, long offset, long bytes) throws IOException {
    return in.map(FileChannel.MapMode.READ_ONLY, offset, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  private static void check(boolean holds, Path file, String why, Object... arguments) {
    if (!holds) {
      throw corrupt(file, why, arguments);
    }
  }

  private static UserError corrupt(Path file, String why, Object... arguments) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot read %s: %s. Fetch or publish the model again.",
        file,
        String.format(java.util.Locale.ROOT, why, arguments));
  }
}
