package io.lakeloop.config;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Optional;

/** A setting that may name something; left empty, it names nothing. */
public record NameOrNone(@JsonValue String text) {

  /**
   * @throws IllegalArgumentException if the text is neither empty nor a name
   */
  public NameOrNone {
    if (!text.isBlank()) {
      Name.parse(text);
    }
  }

  /**
   * @throws IllegalArgumentException if the text is neither empty nor a name
   */
  public static NameOrNone parse(String text) {
    return new NameOrNone(text);
  }

  /** The name, empty where there is none. */
  public Optional<Name> name() {
    return text.isBlank() ? Optional.empty() : Optional.of(new Name(text));
  }

  @Override
  public String toString() {
    return text;
  }
}
