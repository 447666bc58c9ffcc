package io.lakeloop.registry;

import com.fasterxml.jackson.annotation.JsonValue;
import io.lakeloop.config.Name;
import io.lakeloop.config.Quoted;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Where a training starts: a model of the registry, a folder in Hugging Face's layout (a path that
 * begins with {@code /}, {@code ./} or {@code ../}), or {@code none}.
 *
 * @param ref model of the registry, or null
 * @param folder outside the registry, or null
 */
public record ModelSource(ModelRef ref, Path folder) {
  private static final String NONE = "none";
  private static final int LONGEST_NAME = 60;

  /**
   * @throws IllegalArgumentException if the text is none of them
   */
  public static ModelSource parse(String text) {
    if (text.equals(NONE)) {
      return new ModelSource(null, null);
    }
    if (text.startsWith("/") || text.startsWith("./") || text.startsWith("../")) {
      return new ModelSource(null, named(text));
    }
    try {
      return new ModelSource(ModelRef.parse(text), null);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          e.getMessage()
              + "; a folder's path begins with /, ./ or ../, and no model at all is 'none'",
          e);
    }
  }

  private static Path named(String text) {
    Path folder = Path.of(text);
    if (folder.toAbsolutePath().normalize().getFileName() == null) {
      throw new IllegalArgumentException(
          Quoted.of(text) + " is no model's folder: its own name is what the model is called by");
    }
    return folder;
  }

  public boolean isNone() {
    return ref == null && folder == null;
  }

  /** What a folder's model is called in the registry. */
  public Name registryName() {
    String name =
        folder
            .toAbsolutePath()
            .normalize()
            .getFileName()
            .toString()
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^a-z0-9]+", "-");
    String prefixed = "base-" + name.replaceAll("^-|-$", "");
    return Name.parse(prefixed.substring(0, Math.min(LONGEST_NAME, prefixed.length())));
  }

  @JsonValue
  @Override
  public String toString() {
    if (isNone()) {
      return NONE;
    }
    return ref != null ? ref.toString() : folder.toString();
  }
}
