package io.lakeloop.lm.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive from source text: the same stored zip that {@code torch.jit.save}
 * writes, for a module without parameters. It is how operators that DJL does not bind are reached.
 */
final class ScriptArchive {
  /** File format of libtorch 2.x, whose operators need no upgrade. */
  private static final String FORMAT_VERSION = "10\n";

  private static final byte[] EMPTY_TUPLE = {(byte) 0x80, 2, ')', '.'};

  private ScriptArchive() {}

  /** Returns the archive of a module of class {@code name} with these methods. */
  static byte[] of(String name, String methods) {
    String source =
        "class "
            + name
            + "(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
            + methods.replace("(self,", "(self: __torch__." + name + ",").indent(2);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      add(zip, "version", FORMAT_VERSION.getBytes(StandardCharsets.US_ASCII));
      add(zip, "data.pkl", module(name));
      add(zip, "constants.pkl", EMPTY_TUPLE);
      add(zip, "code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new AssertionError("memory does not fail", e);
    }
    return bytes.toByteArray();
  }

  private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry("kernels/" + name);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setCrc(crc.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  /** The pickled object: an instance of the class whose one attribute is {@code training}. */
  private static byte[] module(String name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x80, 2});
    out.writeBytes(("c__torch__\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(new byte[] {')', (byte) 0x81, '}', 'X', 8, 0, 0, 0});
    out.writeBytes("training".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(new byte[] {(byte) 0x89, 's', 'b', '.'});
    return out.toByteArray();
  }
}
