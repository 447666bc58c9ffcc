package io.lakeloop.registry;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model named in a setting: {@code reward/3}, {@code reward/latest}, or {@code policy/champion}.
 *
 * @param model name of the model
 * @param version a number, {@code latest}, or an alias
 */
public record ModelRef(String model, String version) implements Serializable {
  private static final Pattern FORM = Pattern.compile("([a-z][a-z0-9-]{0,62})/([a-z0-9-]{1,62})");

  /**
   * @throws IllegalArgumentException if the text has not the form name/version
   */
  public static ModelRef parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no model: write name/version, as in reward/3 or reward/latest");
    }
    return new ModelRef(matcher.group(1), matcher.group(2));
  }

  @com.fasterxml.jackson.annotation.JsonValue
  @Override
  public String toString() {
    return model + "/" + version;
  }
}
