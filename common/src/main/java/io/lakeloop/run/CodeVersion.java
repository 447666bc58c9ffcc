package io.lakeloop.run;

import io.lakeloop.config.Digest;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Which code runs: the release, and a digest of the jars, so that two builds can be told apart. */
public final class CodeVersion {
  private static final int DIGITS = 12;

  private CodeVersion() {}

  /**
   * @param anchors a class out of each jar that matters
   */
  public static String of(Class<?>... anchors) {
    StringBuilder digests = new StringBuilder();
    try {
      for (Class<?> anchor : anchors) {
        Path jar = Path.of(anchor.getProtectionDomain().getCodeSource().getLocation().toURI());
        digests.append(Files.isRegularFile(jar) ? Digest.of(jar) : "classes");
      }
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    String release =
        Optional.ofNullable(anchors[0].getPackage().getImplementationVersion())
            .orElse("development");
    return release + "+" + Digest.of(digests.toString()).substring(0, DIGITS);
  }
}
