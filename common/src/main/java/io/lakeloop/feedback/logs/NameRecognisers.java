package io.lakeloop.feedback.logs;

import io.lakeloop.lm.EntityRecogniser;
import io.lakeloop.text.personal.Recogniser;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Recognisers of names that settings name, each opened once per JVM. */
public final class NameRecognisers {
  private static final Map<String, Recogniser> OPENED = new ConcurrentHashMap<>();

  private NameRecognisers() {}

  /**
   * Where recognisers come from.
   *
   * @param folder of a token-classification model, or blank for none
   * @param sha256 of its model.pt
   */
  public static LogCleaner.RecogniserSource of(String folder, String sha256) {
    return folder.isBlank()
        ? List::of
        : () ->
            List.of(
                OPENED.computeIfAbsent(
                    folder + "|" + sha256, key -> new EntityRecogniser(Path.of(folder), sha256)));
  }
}
