package io.lakeloop.lm.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads and writes the <a
 * href="https://huggingface.co/docs/safetensors/index#format">safetensors</a> layout: 8 bytes of
 * header length, a JSON header, the raw values. Reading never runs code, and maps the file rather
 * than copying it.
 */
public final class SafeTensors {
  private static final long MAX_HEADER_BYTES = 100L << 20;
  private static final long COMPARED_BYTES = 64L << 20;
  private static final int MAX_RANK = 8;
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private SafeTensors() {}

  /** Types of numbers that language models are stored in. */
  public enum Type {
    F64(8, "float64"),
    F32(4, "float32"),
    F16(2, "float16"),
    BF16(2, "bfloat16");

    private final int bytes;
    private final String words;

    Type(int bytes, String words) {
      this.bytes = bytes;
      this.words = words;
    }

    /** What a config.json calls the type. */
    public String words() {
      return words;
    }

    /** Bytes of one number. */
    public int bytes() {
      return bytes;
    }
  }

  /**
   * Where a tensor lies, row-major, in a file.
   *
   * @param offset of its first byte from the start of the file
   */
  public record Tensor(String name, Type type, long[] shape, Path file, long offset) {

    public long elements() {
      return count(shape);
    }

    public long bytes() {
      return elements() * type.bytes;
    }

    /**
     * Maps a part of the tensor. What is written to it stays in memory and off the file; of a file
     * that may not be written the map is read-only.
     *
     * @param from first byte of the part, from the tensor's start
     */
    public ByteBuffer map(long from, long bytes) throws IOException {
      boolean writable = Files.isWritable(file);
      try (FileChannel in =
          writable
              ? FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)
              : FileChannel.open(file, StandardOpenOption.READ)) {
        FileChannel.MapMode mode =
            writable ? FileChannel.MapMode.PRIVATE : FileChannel.MapMode.READ_ONLY;
        return in.map(mode, offset + from, bytes).order(ByteOrder.LITTLE_ENDIAN);
      }
    }

    /** Whether both hold the same numbers in the same form. */
    public boolean sameAs(Tensor other) throws IOException {
      if (type != other.type || !Arrays.equals(shape, other.shape)) {
        return false;
      }
      for (long from = 0; from < bytes(); from += COMPARED_BYTES) {
        long part = Math.min(COMPARED_BYTES, bytes() - from);
        if (map(from, part).mismatch(other.map(from, part)) >= 0) {
          return false;
        }
      }
      return true;
    }

    /** The values of an F32 tensor. */
    public float[] floats() throws IOException {
      float[] values = new float[Math.toIntExact(elements())];
      map(0, bytes()).asFloatBuffer().get(values);
      return values;
    }
  }

  /** A tensor to be written, whose values are asked for one part of rows after another. */
  public interface Source {
    Type type();

    long[] shape();

    /** Hands the tensor's bytes, in order, to the sink. */
    void write(Sink sink) throws IOException;
  }

  /** Takes little-endian bytes. */
  @FunctionalInterface
  public interface Sink {
    void put(ByteBuffer bytes) throws IOException;
  }

  /** A source of F32 values held in memory. */
  public static Source of(long[] shape, float... values) {
    if (count(shape) != values.length) {
      throw new IllegalArgumentException(
          "Shape " + Arrays.toString(shape) + " does not hold " + values.length + " values.");
    }
    return new Source() {
      @Override
      public Type type() {
        return Type.F32;
      }

      @Override
      public long[] shape() {
        return shape;
      }

      @Override
      public void write(Sink sink) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        sink.put(bytes);
      }
    };
  }

  /** Bytes that the tensor takes up. */
  public static long bytes(Source source) {
    return count(source.shape()) * source.type().bytes;
  }

  private static long count(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** Writes the tensors in name order, so that equal tensors give an equal file. */
  public static void write(Path file, Map<String, ? extends Source> tensors) throws IOException {
    SortedMap<String, Source> ordered = new TreeMap<>(tensors);
    ObjectNode header = JSON.createObjectNode();
    // transformers refuses a file that does not say so.
    header.putObject("__metadata__").put("format", "pt");
    long offset = 0;
    for (Map.Entry<String, Source> entry : ordered.entrySet()) {
      ObjectNode node = header.putObject(entry.getKey());
      node.put("dtype", entry.getValue().type().name());
      Arrays.stream(entry.getValue().shape()).forEach(node.putArray("shape")::add);
      long end = offset + bytes(entry.getValue());
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
      for (Source tensor : ordered.values()) {
        tensor.write(bytes -> writeFully(out, bytes));
      }
      out.force(true);
    }
  }

  /**
   * Finds every tensor of the file.
   *
   * @throws UserError ARTIFACT_CORRUPT where the file is truncated, its header is oversized or no
   *     JSON, or a tensor's type, shape or offsets do not fit; the message names the tensor
   */
  public static Map<String, Tensor> open(Path file) throws IOException {
    long size = Files.size(file);
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      check(size >= 8, file, "it has %d bytes, too few for a header", size);
      long headerBytes = read(in, 0, 8).getLong();
      check(
          headerBytes >= 2 && headerBytes <= Math.min(MAX_HEADER_BYTES, size - 8),
          file,
          "its header claims %d bytes in a file of %d (at most %d are read)",
          headerBytes,
          size,
          MAX_HEADER_BYTES);
      JsonNode header = header(in, file, (int) headerBytes);
      long start = 8 + headerBytes;
      Map<String, Tensor> tensors = new TreeMap<>();
      for (Map.Entry<String, JsonNode> entry : header.properties()) {
        if (!entry.getKey().equals("__metadata__")) {
          tensors.put(entry.getKey(), tensor(file, entry.getKey(), entry.getValue(), start, size));
        }
      }
      checkOverlaps(file, tensors);
      return tensors;
    }
  }

  private static JsonNode header(FileChannel in, Path file, int bytes) throws IOException {
    try {
      JsonNode header =
          JSON.readTree(new String(read(in, 8, bytes).array(), StandardCharsets.UTF_8));
      check(header != null && header.isObject(), file, "its header is not a JSON object");
      return header;
    } catch (JsonProcessingException e) {
      throw corrupt(file, "its header is not JSON, or names a tensor twice");
    }
  }

  private static Tensor tensor(Path file, String name, JsonNode node, long start, long fileSize) {
    String type = node.path("dtype").asText();
    check(
        Arrays.stream(Type.values()).anyMatch(known -> known.name().equals(type)),
        file,
        "tensor %s has type '%s', read are %s",
        name,
        type,
        Arrays.toString(Type.values()));
    JsonNode sizes = node.path("shape");
    check(sizes.isArray() && sizes.size() <= MAX_RANK, file, "tensor %s has a bad shape", name);
    long[] shape = new long[sizes.size()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = sizes.path(i).asLong(-1);
      check(
          shape[i] >= 0 && shape[i] <= Integer.MAX_VALUE, file, "tensor %s has a bad shape", name);
    }
    JsonNode offsets = node.path("data_offsets");
    long from = offsets.path(0).asLong(-1);
    long to = offsets.path(1).asLong(-1);
    check(
        from >= 0 && from <= to && to <= fileSize - start,
        file,
        "tensor %s lies at %d..%d of %d bytes",
        name,
        from,
        to,
        fileSize - start);
    long needed;
    try {
      needed = Math.multiplyExact(count(shape), (long) Type.valueOf(type).bytes);
    } catch (ArithmeticException e) {
      throw corrupt(file, "tensor %s has the impossible shape %s", name, Arrays.toString(shape));
    }
    check(
        needed == to - from,
        file,
        "tensor %s of shape %s needs %d bytes, has %d",
        name,
        Arrays.toString(shape),
        needed,
        to - from);
    return new Tensor(name, Type.valueOf(type), shape, file, start + from);
  }

  private static void checkOverlaps(Path file, Map<String, Tensor> tensors) {
    List<Tensor> ordered = new ArrayList<>(tensors.values());
    ordered.sort(Comparator.comparingLong(Tensor::offset).thenComparingLong(Tensor::bytes));
    for (int i = 1; i < ordered.size(); i++) {
      Tensor before = ordered.get(i - 1);
      check(
          before.offset() + before.bytes() <= ordered.get(i).offset(),
          file,
          "tensor %s overlaps tensor %s",
          ordered.get(i).name(),
          before.name());
    }
  }

  private static ByteBuffer read(FileChannel in, long offset, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining() && in.read(buffer, offset + buffer.position()) >= 0) {
      continue;
    }
    return buffer.flip();
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
        String.format(Locale.ROOT, why, arguments));
  }
}
