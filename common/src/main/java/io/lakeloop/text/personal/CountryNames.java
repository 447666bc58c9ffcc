package io.lakeloop.text.personal;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Names of countries in the languages of the places where addresses are read. */
final class CountryNames {
  private static final List<Locale> LANGUAGES =
      List.of(Locale.ENGLISH, Locale.GERMAN, Locale.FRENCH, Locale.ITALIAN, new Locale("es"));

  private static final List<String> MORE_COUNTRIES =
      List.of(
          "USA", "United States of America", "UK", "England", "Scotland", "Wales", "Greenlander");

  private static final Set<String> COUNTRIES = countries();

  private CountryNames() {}

  static boolean contains(String name) {
    return COUNTRIES.contains(name);
  }

  private static Set<String> countries() {
    Set<String> names = new HashSet<>(MORE_COUNTRIES);
    for (String country : Locale.getISOCountries()) {
      for (Locale language : LANGUAGES) {
        names.add(new Locale("", country).getDisplayCountry(language));
      }
    }
    return names;
  }
}
