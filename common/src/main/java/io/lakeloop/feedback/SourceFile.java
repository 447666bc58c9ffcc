package io.lakeloop.feedback;

import com.github.luben.zstd.ZstdInputStream;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.BlockDecompressorStream;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * One file that comes from outside, as it was when the run found it.
 *
 * @param path where it is
 * @param name what tables, logs and messages call it: its path, personal data replaced
 * @param bytes its size
 * @param digest SHA-256 of its bytes
 */
public record SourceFile(String path, String name, long bytes, String digest)
    implements Serializable {
  private static final String UNPACK = "Unpack it, and give it plain or as .gz, .bz2 or .zst.";

  /** How files begin that are no text. */
  private static final List<Packing> PACKINGS =
      List.of(
          new Packing("1f8b", "gzip", List.of(".gz"), ""),
          // The second is a frame to skip, with which parallel compressors begin.
          new Packing("28b52ffd|5[0-9a-f]2a4d18", "Zstandard", List.of(".zst", ".zstd"), ""),
          new Packing("425a683[1-9](3141|1772)", "bzip2", List.of(".bz2"), ""),
          new Packing("504b0304", "a zip archive", List.of(), UNPACK),
          new Packing("fd377a585a00", "xz", List.of(), UNPACK),
          new Packing("377abcaf271c", "a 7z archive", List.of(), UNPACK),
          new Packing(
              "5041523115",
              "Parquet",
              List.of(),
              "Give it to a job with a format for Parquet, or as JSON or CSV."));

  private static final int LONGEST_MAGIC = 6;

  /**
   * How files of a kind begin and are called.
   *
   * @param begin hexadecimal, a regular expression
   * @param endings of its files' names, none where it is not read
   * @param advice what to do with a file that is not read
   */
  private record Packing(String begin, String kind, List<String> endings, String advice) {
    boolean names(String path) {
      return endings.stream().anyMatch(path::endsWith);
    }

    boolean begins(String bytes) {
      return bytes.matches("(" + begin + ").*");
    }
  }

  /**
   * Opens the file, decompressed by what its name ends in.
   *
   * @throws UserError INPUT_UNREADABLE if it is not packed as its name tells; reading it
   *     INPUT_CHANGED if it is not what it was when the run found it, UNAVAILABLE if where it lies
   *     does not answer
   */
  public InputStream open(Configuration hadoop) {
    Path file = new Path(path);
    InputStream raw;
    try {
      raw = new BufferedInputStream(new Pinned(fileSystem(file, hadoop).open(file), this), 1 << 16);
    } catch (IOException e) {
      throw ReadFailure.notNow(name, e);
    }
    try {
      requireAsNamed(begin(raw));
      return unpacked(raw, new CompressionCodecFactory(hadoop).getCodec(file));
    } catch (UserError e) {
      close(raw);
      throw e;
    } catch (IOException | RuntimeException | InternalError e) {
      // Decompressors tell of damage by any of them.
      close(raw);
      throw unreadable(
          "cannot be unpacked here: " + RootCause.line(e),
          "Fetch it again, or give it plain or as .gz, .bz2 or .zst.");
    }
  }

  private InputStream unpacked(InputStream raw, CompressionCodec codec) throws IOException {
    if (path.endsWith(".zst") || path.endsWith(".zstd")) {
      return new ZstdInputStream(raw);
    }
    if (codec == null) {
      return raw;
    }
    InputStream unpacked = codec.createInputStream(raw);
    if (unpacked instanceof BlockDecompressorStream) {
      // It takes the end of a file that was cut off for the end of what was packed.
      throw unreadable("is packed in a way that hides where it may be cut off", UNPACK);
    }
    return unpacked;
  }

  /**
   * Local files without Hadoop's checksums beside them, which have no name where it has a colon.
   */
  static FileSystem fileSystem(Path file, Configuration hadoop) throws IOException {
    FileSystem fileSystem = file.getFileSystem(hadoop);
    return fileSystem instanceof LocalFileSystem local ? local.getRawFileSystem() : fileSystem;
  }

  static void close(InputStream in) {
    try {
      in.close();
    } catch (IOException e) {
      // What broke off before is told.
    }
  }

  /** The first bytes in hexadecimal. */
  private static String begin(InputStream raw) throws IOException {
    raw.mark(LONGEST_MAGIC);
    String begin = HexFormat.of().formatHex(raw.readNBytes(LONGEST_MAGIC));
    raw.reset();
    return begin;
  }

  private void requireAsNamed(String begin) {
    for (Packing packing : PACKINGS) {
      if (packing.names(path) && !packing.begins(begin)) {
        throw bytes == 0
            ? unreadable("is empty, which no " + packing.kind() + " file is", "Fetch it again.")
            : unreadable("is not " + packing.kind(), "Fetch it again, or name it by what it is.");
      }
      if (!packing.begins(begin) || packing.names(path)) {
        continue;
      }
      throw packing.endings().isEmpty()
          ? unreadable("is " + packing.kind(), packing.advice())
          : unreadable(
              "is " + packing.kind() + ", and its name does not end in " + packing.endings().get(0),
              "Rename it to end so.");
    }
  }

  UserError changed() {
    return ReadFailure.changed(name);
  }

  private UserError unreadable(String why, String advice) {
    return new UserError(
        ErrorCode.INPUT_UNREADABLE, "Cannot read %s: it %s. %s", name, why, advice);
  }

  /** The bytes that the run found, neither more nor others. */
  private static final class Pinned extends FilterInputStream {
    private final SourceFile file;
    private final MessageDigest digest = Digest.sha256();
    private long left;

    Pinned(InputStream in, SourceFile file) {
      super(in);
      this.file = file;
      this.left = file.bytes();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int read;
      try {
        read = in.read(buffer, offset, (int) Math.min(left, length));
      } catch (IOException e) {
        throw ReadFailure.notNow(file.name(), e);
      }
      if (read > 0) {
        digest.update(buffer, offset, read);
        left -= read;
      }
      if (read < 0 || left == 0 && !HexFormat.of().formatHex(digest.digest()).equals(file.digest)) {
        throw file.changed();
      }
      return read;
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }
}
