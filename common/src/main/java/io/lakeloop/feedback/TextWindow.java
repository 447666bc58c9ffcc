package io.lakeloop.feedback;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import io.lakeloop.s3.BucketFailure;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The characters of one file from where reading stands, as far ahead as somebody looks. UTF-8
 * unless a byte order mark says UTF-16; bytes that are neither become U+FFFD, which cleaning counts
 * and takes out. A line ends with LF, CR LF or CR.
 */
final class TextWindow {
  /** No record may be longer, in characters. */
  static final int LONGEST_RECORD = 4 << 20;

  /** What is kept of a record that is longer. */
  static final int KEPT = 4000;

  /** Byte order mark; files that were joined have some in their middle. */
  static final int MARK = '\uFEFF';

  private final String file;
  private final Reader in;
  private char[] buffer = new char[1 << 14];
  private int start;
  private int end;
  private boolean ended;
  private long line = 1;

  /**
   * @param file for messages
   */
  TextWindow(String file, InputStream in) {
    this.file = file;
    BufferedInputStream bytes = new BufferedInputStream(in, 1 << 16);
    this.in = new InputStreamReader(bytes, charset(bytes));
    skipMark();
  }

  private Charset charset(InputStream bytes) {
    try {
      bytes.mark(2);
      int first = bytes.read();
      int second = bytes.read();
      bytes.reset();
      if (first == 0xFF && second == 0xFE) {
        return StandardCharsets.UTF_16LE;
      }
      return first == 0xFE && second == 0xFF ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_8;
    } catch (UserError e) {
      throw e;
    } catch (IOException | RuntimeException | InternalError e) {
      throw unreadable(e);
    }
  }

  /** Passes over byte order marks. */
  void skipMark() {
    while (at(0) == MARK) {
      start++;
    }
  }

  /** The character so many places ahead, -1 where the file has ended. */
  int at(int ahead) {
    return start + ahead < end || filled(ahead) ? buffer[start + ahead] : -1;
  }

  private boolean filled(int ahead) {
    while (start + ahead >= end && !ended) {
      makeRoom();
      try {
        int read = in.read(buffer, end, buffer.length - end);
        ended = read < 0;
        end += Math.max(0, read);
        if (ended) {
          in.close();
        }
      } catch (UserError e) {
        throw e;
      } catch (IOException | RuntimeException | InternalError e) {
        // Decompressors tell of damage by any of them.
        throw unreadable(e);
      }
    }
    return start + ahead < end;
  }

  private void makeRoom() {
    if (start > 0) {
      System.arraycopy(buffer, start, buffer, 0, end - start);
      end -= start;
      start = 0;
    }
    if (end == buffer.length) {
      buffer = Arrays.copyOf(buffer, 2 * end);
    }
  }

  private UserError unreadable(Throwable cause) {
    return BucketFailure.of(cause)
        .orElseGet(
            () ->
                new UserError(
                    ErrorCode.INPUT_UNREADABLE,
                    "Cannot read %s beyond line %d: %s. Fetch the file again.",
                    file,
                    line,
                    RootCause.line(cause)));
  }

  /** The next characters as text. */
  String text(int length) {
    return new String(buffer, start, length);
  }

  /** What may be kept of text of that length. */
  String kept(int length) {
    return text(Math.min(KEPT, length));
  }

  /** Reads on behind so many characters. */
  void skip(int length) {
    for (int i = 0; i < length; i++) {
      char c = buffer[start + i];
      if (c == '\n' || c == '\r' && at(i + 1) != '\n') {
        line++;
      }
    }
    start += length;
  }

  /** Line that reading stands on, from 1. */
  long line() {
    return line;
  }

  static boolean endsLine(int c) {
    return c == '\n' || c == '\r' || c < 0;
  }

  /** Reads on behind the end of a line, on which reading stands. */
  void skipEndOfLine() {
    skip(at(0) == '\r' && at(1) == '\n' ? 2 : 1);
  }

  /** True if a line ends within so many characters. */
  boolean endOfLineWithin(int length) {
    for (int i = 0; i < length; i++) {
      if (endsLine(at(i))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Reads on behind the end of the line, however long it is.
   *
   * @param from how many characters ahead to look for it
   */
  void skipLine(int from) {
    int i = from;
    while (!endsLine(at(i))) {
      if (i >= LONGEST_RECORD) {
        skip(i);
        i = 0;
      } else {
        i++;
      }
    }
    skip(i);
  }
}
