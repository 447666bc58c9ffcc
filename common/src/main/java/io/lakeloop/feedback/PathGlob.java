package io.lakeloop.feedback;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.GlobExpander;
import org.apache.hadoop.fs.GlobPattern;
import org.apache.hadoop.fs.Path;

/**
 * A path that may hold asterisks. As in a shell, they do not mean what is hidden, wherever in the
 * path it stands; a name does.
 */
final class PathGlob {
  private final List<String> parts;

  private PathGlob(List<String> parts) {
    this.parts = parts;
  }

  /** The globs that one with braces around slashes stands for. */
  static List<PathGlob> of(Path pattern) throws IOException {
    List<PathGlob> globs = new ArrayList<>();
    for (String expanded : GlobExpander.expand(pattern.toUri().getPath())) {
      globs.add(new PathGlob(List.of(expanded.split("/"))));
    }
    return globs;
  }

  /**
   * @param match what Hadoop finds by this glob, or by one beside it
   */
  boolean means(Path match) {
    String[] names = match.toUri().getPath().split("/");
    if (names.length != parts.size()) {
      return false;
    }
    for (int i = 0; i < names.length; i++) {
      if (!means(parts.get(i), names[i])) {
        return false;
      }
    }
    return true;
  }

  private static boolean means(String part, String name) {
    if (part.equals(name)) {
      return true;
    }
    if (!new GlobPattern(part).matches(name)) {
      return false;
    }
    return !SourceListing.isHidden(name)
        || alternatives(part).stream()
            .anyMatch(
                begin -> SourceListing.isHidden(begin) && new GlobPattern(begin).matches(name));
  }

  /** What a part that begins with braces may be, else itself. */
  private static List<String> alternatives(String part) {
    int end = part.indexOf('}');
    if (!part.startsWith("{") || end < 0) {
      return List.of(part);
    }
    List<String> alternatives = new ArrayList<>();
    for (String begin : part.substring(1, end).split(",")) {
      alternatives.add(begin + part.substring(end + 1));
    }
    return alternatives;
  }
}
