package io.lakeloop.registry;

import com.fasterxml.jackson.annotation.JsonValue;
import io.lakeloop.config.Name;
import io.lakeloop.config.Quoted;

/** What points to a version of a model, as champion: a name that no reference reads otherwise. */
public record Alias(@JsonValue Name name) {

  /**
   * @throws IllegalArgumentException if a reference would read it as a number or as latest
   */
  public Alias {
    if (ModelRef.isNumber(name) || name.equals(ModelRef.LATEST)) {
      throw new IllegalArgumentException(
          Quoted.of(name.text())
              + " is no alias: in a reference it would be read as a version's number or the latest");
    }
  }

  /**
   * @throws IllegalArgumentException if the text is no name, a number, or latest
   */
  public static Alias parse(String text) {
    return new Alias(Name.parse(text));
  }

  @Override
  public String toString() {
    return name.text();
  }
}
