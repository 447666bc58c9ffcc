package io.lakeloop.feedback;

import com.github.luben.zstd.ZstdInputStream;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
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
  /** How files begin that are no text, by what they are called. */
  private static final List<String[]> PACKED =
      List.of(
          new String[] {"1f8b", "gzip", ".gz"},
          new String[] {"28b52ffd", "Zstandard", ".zst"},
          new String[] {"425a68", "bzip2", ".bz2"},
          new String[] {"504b0304", "a zip archive", null},
          new String[] {"fd377a585a00", "xz", null},
          new String[] {"377abcaf271c", "a 7z archive", null},
          new String[] {
            "50415231", "Parquet, which only jobs with a format for Parquet read", null
          });

  private static final int LONGEST_MAGIC = 6;

  /**
   * Opens the file, decompressed by what its name ends in.
   *
   * @throws UserError INPUT_UNREADABLE if it is not packed as its name tells; reading it
   *     INPUT_CHANGED if it is not what it was when the run found it
   */
  public InputStream open(Configuration hadoop) throws IOException {
    Path file = new Path(path);
    InputStream raw =
        new BufferedInputStream(new Pinned(file.getFileSystem(hadoop).open(file), this), 1 << 16);
    String begin = begin(raw);
    for (String[] packed : PACKED) {
      if (packed[2] != null && path.endsWith(packed[2]) && !begin.startsWith(packed[0])) {
        raw.close();
        throw unreadable(
            bytes == 0 ? "is empty, and so is no " + packed[1] : "is not " + packed[1]);
      }
    }
    if (path.endsWith(".zst") || path.endsWith(".zstd")) {
      return new ZstdInputStream(raw);
    }
    CompressionCodec codec = new CompressionCodecFactory(hadoop).getCodec(file);
    if (codec == null) {
      requireText(begin);
      return raw;
    }
    InputStream unpacked;
    try {
      unpacked = codec.createInputStream(raw);
    } catch (RuntimeException | InternalError e) {
      raw.close();
      throw unreadable("cannot be unpacked here: " + e.getMessage());
    }
    if (unpacked instanceof BlockDecompressorStream) {
      // It takes the end of a file that was cut off for the end of what was packed.
      unpacked.close();
      throw unreadable("is packed in a way that hides where it may be cut off");
    }
    return unpacked;
  }

  /** The first bytes in hexadecimal. */
  private static String begin(InputStream raw) throws IOException {
    raw.mark(LONGEST_MAGIC);
    String begin = HexFormat.of().formatHex(raw.readNBytes(LONGEST_MAGIC));
    raw.reset();
    return begin;
  }

  private void requireText(String begin) {
    for (String[] packed : PACKED) {
      if (begin.startsWith(packed[0])) {
        throw unreadable(
            "is "
                + packed[1]
                + (packed[2] == null ? "" : ", and its name does not end in " + packed[2]));
      }
    }
  }

  UserError changed() {
    return new UserError(
        ErrorCode.INPUT_CHANGED,
        "Cannot read %s: it changed while it was read. Run this again when nobody writes to it.",
        name);
  }

  private UserError unreadable(String why) {
    return new UserError(
        ErrorCode.INPUT_UNREADABLE,
        "Cannot read %s: it %s. Fetch it again, name it by what it is, or give it plain or as .gz, .bz2 or"
            + " .zst.",
        name,
        why);
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
      int read = in.read(buffer, offset, (int) Math.min(left, length));
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
