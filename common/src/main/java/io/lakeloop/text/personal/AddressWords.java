package io.lakeloop.text.personal;

import java.util.Locale;
import java.util.Set;

/** Words that an address has, or that speak of one. */
final class AddressWords {
  /** How far back one is looked for, in characters. */
  private static final int BEFORE = 160;

  /** What an address has before its code, and words that speak of one. */
  private static final Set<String> ADDRESS_WORDS =
      Set.of(
          ("street streets st road roads rd avenue ave av lane ln drive dr boulevard blvd bd way court ct close"
                  + " crescent suite apt apartment unit box psc postbox postfach rue chemin impasse allée quai"
                  + " via viale piazza corso calle avenida avda plaza paseo carrer rua travessa ul al ulica"
                  + " utca улица ул проспект address adresse anschrift dirección indirizzo endereço lives live"
                  + " wohne wohnt wohnhaft ship deliver located mailing billing")
              .split(" "));

  private static final String[] STREET_ENDINGS = {
    "straße", "strasse", "str", "weg", "gasse", "platz", "allee", "gata", "gatan", "vägen", "vegen",
    "veien", "vei", "vej", "gade", "laan", "straat", "plein", "gracht", "kade", "katu", "tie"
  };

  private AddressWords() {}

  /** True if one of them stands before the place. */
  static boolean standBefore(String text, int start) {
    int end = start;
    for (int i = start - 1; i >= Math.max(0, start - BEFORE); i--) {
      boolean first = i == 0 || !Character.isLetter(text.charAt(i - 1));
      if (!Character.isLetter(text.charAt(i))) {
        end = i;
      } else if (first && isOfAddress(text.substring(i, end).toLowerCase(Locale.ROOT))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOfAddress(String word) {
    if (ADDRESS_WORDS.contains(word)) {
      return true;
    }
    for (String ending : STREET_ENDINGS) {
      if (word.length() > ending.length() && word.endsWith(ending)) {
        return true;
      }
    }
    return false;
  }
}
