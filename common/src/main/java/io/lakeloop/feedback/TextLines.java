package io.lakeloop.feedback;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** The lines of one file, numbered from 1, with a bound on how long a line may be. */
final class TextLines implements Iterator<TextLines.Line> {
  /** A line beyond this many bytes is refused; what follows it is read on. */
  static final int MAX_BYTES = 4 << 20;

  private final String file;
  private final InputStream in;
  private long number;
  private Line next;
  private boolean ended;

  /**
   * @param problem null, or the code of why the line cannot be used
   */
  record Line(long number, String text, String problem) {}

  TextLines(String file, InputStream in) {
    this.file = file;
    this.in = in;
  }

  @Override
  public boolean hasNext() {
    if (next == null && !ended) {
      next = read();
      ended = next == null;
    }
    return next != null;
  }

  @Override
  public Line next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Line line = next;
    next = null;
    return line;
  }

  private Line read() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    long length = 0;
    try {
      int b = in.read();
      if (b < 0) {
        in.close();
        return null;
      }
      number++;
      for (; b >= 0 && b != '\n'; b = in.read()) {
        if (length++ < MAX_BYTES) {
          bytes.write(b);
        }
      }
    } catch (IOException e) {
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot read %s beyond line %d: %s. Fetch the file again.",
          file,
          number,
          e.getMessage());
    }
    return line(bytes.toByteArray(), length);
  }

  private Line line(byte[] bytes, long length) {
    if (length > MAX_BYTES) {
      return new Line(number, new String(bytes, 0, 4000, StandardCharsets.UTF_8), "LINE_TOO_LONG");
    }
    // Bytes that are no UTF-8 become U+FFFD, which cleaning counts and takes out.
    String text = new String(bytes, StandardCharsets.UTF_8);
    return new Line(number, text, text.isBlank() ? "BLANK_LINE" : null);
  }
}
