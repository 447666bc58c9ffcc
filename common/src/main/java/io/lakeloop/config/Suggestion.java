package io.lakeloop.config;

import java.util.Collection;
import java.util.Comparator;

/** Finds the known name that a mistyped one was most likely meant to be. */
public final class Suggestion {
  private Suggestion() {}

  /** Returns {@code " (did you mean x?)"}, or all known names where none is near. */
  public static String didYouMean(String typed, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(name -> distance(typed, name)))
        .filter(name -> distance(typed, name) <= Math.max(2, typed.length() / 3))
        .map(name -> " (did you mean " + name + "?)")
        .orElse(" (known: " + String.join(", ", known) + ")");
  }

  /** Edit distance by insertions, deletions and substitutions (Levenshtein 1966). */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitution = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(substitution, 1 + Math.min(previous[j], row[j - 1]));
      }
      previous = row;
    }
    return previous[b.length()];
  }
}
