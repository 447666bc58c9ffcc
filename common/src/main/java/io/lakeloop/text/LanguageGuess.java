package io.lakeloop.text;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Tells a few languages apart by their commonest words; {@code und} where too few occur. */
public final class LanguageGuess {
  private static final Map<String, Set<String>> COMMON =
      Map.of(
          "en",
              Set.of(
                  "the", "and", "is", "to", "my", "in", "of", "you", "for", "it", "how", "do", "i"),
          "de",
              Set.of("der", "die", "und", "ist", "nicht", "ich", "das", "mein", "wie", "zu", "ein"),
          "fr", Set.of("le", "la", "et", "est", "je", "mon", "pas", "pour", "de", "les", "une"),
          "es", Set.of("el", "la", "y", "es", "mi", "no", "para", "de", "los", "una", "que"));
  private static final List<String> ORDER = List.of("en", "de", "fr", "es");

  private LanguageGuess() {}

  public static String of(String text) {
    Set<String> words =
        new HashSet<>(Arrays.asList(text.toLowerCase(Locale.ROOT).split("[^\\p{L}]+")));
    String best = "und";
    int most = 0;
    for (String language : ORDER) {
      int hits = (int) COMMON.get(language).stream().filter(words::contains).count();
      if (hits > most) {
        most = hits;
        best = language;
      }
    }
    return best;
  }
}
