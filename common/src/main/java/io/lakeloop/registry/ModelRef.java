package io.lakeloop.registry;

import com.fasterxml.jackson.annotation.JsonValue;
import io.lakeloop.config.Name;
import io.lakeloop.config.Quoted;
import java.io.Serializable;

/**
 * A model named in a setting: {@code reward/3}, {@code reward/latest}, or {@code policy/champion}.
 *
 * @param model name of the model
 * @param version a number, {@code latest}, or an alias
 */
public record ModelRef(Name model, Name version) implements Serializable {
  static final Name LATEST = Name.parse("latest");

  /** One version. */
  public ModelRef(Name model, int version) {
    this(model, Name.parse(String.valueOf(version)));
  }

  /**
   * @throws IllegalArgumentException if the text has not the form name/version
   */
  public static ModelRef parse(String text) {
    String[] parts = text.split("/", -1);
    if (parts.length != 2) {
      throw new IllegalArgumentException(
          Quoted.of(text) + " is no model: write name/version, as in reward/3 or reward/latest");
    }
    return new ModelRef(Name.parse(parts[0]), Name.parse(parts[1]));
  }

  /** True if the reference names its version by its number. */
  public boolean isPinned() {
    return isNumber(version);
  }

  public boolean isLatest() {
    return version.equals(LATEST);
  }

  static boolean isNumber(Name version) {
    return version.text().matches("[0-9]+");
  }

  @JsonValue
  @Override
  public String toString() {
    return model + "/" + version;
  }
}
