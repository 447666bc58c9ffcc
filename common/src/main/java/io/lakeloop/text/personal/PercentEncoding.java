package io.lakeloop.text.personal;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A text without the escapes of RFC 3986 ({@code %40}), however often they were escaped ({@code
 * %2540}), and where each of its characters came from.
 */
public final class PercentEncoding {
  /** Bytes of a character. */
  private static final int LONGEST = 4;

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
      int end = characterEnd(encoded, i);
      String character = end == i ? null : utf8(encoded, i, end);
      if (character == null) {
        starts[length] = i;
        out[length++] = encoded.charAt(i++);
      } else {
        for (int c = 0; c < character.length(); c++) {
          starts[length] = i;
          out[length++] = character.charAt(c);
        }
        i = end;
      }
    }
    starts[length] = encoded.length();
    return new PercentEncoding(new String(out, 0, length), Arrays.copyOf(starts, length + 1));
  }

  /** The character that escapes stand for, or null. */
  private static String utf8(String encoded, int from, int to) {
    ByteBuffer bytes = ByteBuffer.allocate(LONGEST);
    for (int i = from; i < to; ) {
      int end = escapeEnd(encoded, i);
      bytes.put((byte) Integer.parseInt(encoded, end - 2, end, 16));
      i = end;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** Where the escapes end that make one character, by its first byte; there where none begins. */
  private static int characterEnd(String text, int from) {
    int end = escapeEnd(text, from);
    if (end == from) {
      return from;
    }
    int first = Integer.parseInt(text, end - 2, end, 16);
    int bytes = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : LONGEST;
    for (int more = 1; more < bytes && escapeEnd(text, end) > end; more++) {
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
