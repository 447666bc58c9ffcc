package io.lakeloop.config;

import com.fasterxml.jackson.annotation.JsonValue;
import java.io.Serializable;
import java.util.regex.Pattern;

/**
 * What models, aliases, runs, snapshots, suites and environments are called. Names become parts of
 * paths, of predicates and of references, so they hold nothing that means something there.
 */
public record Name(@JsonValue String text) implements Serializable {
  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

  /**
   * @throws IllegalArgumentException if the text is no name
   */
  public Name {
    if (!isName(text)) {
      throw new IllegalArgumentException(
          Quoted.of(String.valueOf(text))
              + " is no name: write up to 100 letters a-z, digits, '.', '_' and '-', beginning with"
              + " a letter or a digit, without '..'");
    }
  }

  /**
   * @throws IllegalArgumentException if the text is no name
   */
  public static Name parse(String text) {
    return new Name(text);
  }

  public static boolean isName(String text) {
    return text != null && FORM.matcher(text).matches() && !text.contains("..");
  }

  @Override
  public String toString() {
    return text;
  }
}
