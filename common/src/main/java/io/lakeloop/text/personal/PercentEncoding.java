package io.lakeloop.text.personal;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A text without the escapes of RFC 3986 ({@code %40}), however often they were escaped ({@code
 * %2540}), and where each of its characters came from.
 */
public final class PercentEncoding {
  private final String text;
  private final int[] starts;

  private PercentEncoding(String text, int[] starts) {
    this.text = text;
    this.starts = starts;
  }

  /** The text that a value stands for; the same where it has no escapes. */
  public static String decoded(String value) {
    return value.indexOf('%') < 0 ? value : of(value).text;
  }

  /** Decodes a text; where bytes are no UTF-8, the escapes of those that are no ASCII stay. */
  static PercentEncoding of(String encoded) {
    char[] out = new char[encoded.length()];
    int[] starts = new int[encoded.length() + 1];
    int length = 0;
    int i = 0;
    while (i < encoded.length()) {
      int end = escapesEnd(encoded, i);
      CharBuffer characters = end == i ? null : utf8(encoded, i, end);
      if (characters != null) {
        length = place(encoded, i, characters, out, starts, length);
        i = end;
      } else {
        int escape = escapeEnd(encoded, i);
        boolean ascii = escape > i && Integer.parseInt(encoded, escape - 2, escape, 16) < 0x80;
        starts[length] = i;
        out[length++] =
            ascii ? (char) Integer.parseInt(encoded, escape - 2, escape, 16) : encoded.charAt(i);
        i = ascii ? escape : i + 1;
      }
    }
    starts[length] = encoded.length();
    return new PercentEncoding(new String(out, 0, length), Arrays.copyOf(starts, length + 1));
  }

  /** Each character at the escape of its first byte. */
  private static int place(
      String encoded, int from, CharBuffer characters, char[] out, int[] starts, int length) {
    int at = from;
    int next = length;
    while (characters.hasRemaining()) {
      char c = characters.get();
      starts[next] = at;
      out[next++] = c;
      int bytes = c < 0x80 ? 1 : c < 0x800 || Character.isLowSurrogate(c) ? 2 : 3;
      for (int n = Character.isHighSurrogate(c) ? 2 : bytes; n > 0; n--) {
        at = escapeEnd(encoded, at);
      }
    }
    return next;
  }

  private static CharBuffer utf8(String encoded, int from, int to) {
    ByteBuffer bytes = ByteBuffer.allocate(to - from);
    for (int i = from; i < to; ) {
      int end = escapeEnd(encoded, i);
      bytes.put((byte) Integer.parseInt(encoded, end - 2, end, 16));
      i = end;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip());
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  private static int escapesEnd(String text, int from) {
    int end = from;
    while (escapeEnd(text, end) > end) {
      end = escapeEnd(text, end);
    }
    return end;
  }

  /** Where the escape that begins there ends; there where none begins. */
  private static int escapeEnd(String text, int from) {
    if (from >= text.length() || text.charAt(from) != '%') {
      return from;
    }
    int digits = from + 1;
    while (text.startsWith("25", digits) && isHex(text, digits + 2)) {
      digits += 2;
    }
    return isHex(text, digits) ? digits + 2 : from;
  }

  private static boolean isHex(String text, int at) {
    return at + 1 < text.length()
        && Character.digit(text.charAt(at), 16) >= 0
        && Character.digit(text.charAt(at + 1), 16) >= 0
        && text.charAt(at) < 128
        && text.charAt(at + 1) < 128;
  }

  /** True if an escape begins there. */
  static boolean isEscape(String text, int at) {
    return text.charAt(at) == '%' && isHex(text, at + 1);
  }

  String text() {
    return text;
  }

  /** What was found in the decoded text, where it stands in the encoded one. */
  Finding encoded(Finding finding) {
    return new Finding(
        finding.kind(), starts[finding.start()], starts[finding.end()], finding.confidence());
  }
}
