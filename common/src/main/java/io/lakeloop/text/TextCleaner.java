package io.lakeloop.text;

import java.text.Normalizer;
import java.util.regex.Pattern;

/** Brings text to one form: NFKC, no control or zero-width characters, plain spacing. */
public final class TextCleaner {
  /** Control characters but tab and newline; zero-width, bidi and byte-order marks; U+FFFD. */
  private static final Pattern INVISIBLE =
      Pattern.compile(
          "[\\p{Cc}&&[^\\t\\n]]|[\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u2069\\uFEFF\\uFFFD\\u00AD]");

  private static final Pattern SPACES = Pattern.compile("[ \\t\\x0B\\f]+");

  private TextCleaner() {}

  public static String clean(String text) {
    String normal = Normalizer.normalize(text, Normalizer.Form.NFKC).replace("\r\n", "\n");
    return SPACES.matcher(INVISIBLE.matcher(normal).replaceAll("")).replaceAll(" ").strip();
  }

  /** The text with case, punctuation and spacing taken out, for finding duplicates. */
  public static String fingerprint(String text) {
    return clean(text)
        .toLowerCase(java.util.Locale.ROOT)
        .replaceAll("[^\\p{L}\\p{N}]+", " ")
        .strip();
  }
}
