package io.lakeloop.report;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;

/** planted.json of a simulated sample. */
@JsonIgnoreProperties(ignoreUnknown = true)
record Planted(
    long lines,
    long malformed,
    long missingPrompt,
    long gibberish,
    long repeated,
    long withoutConsent,
    List<String> personalData) {
  /**
   * @throws NullPointerException if there is no list, or no text in one of its places
   */
  Planted {
    personalData = List.copyOf(personalData);
  }
}
