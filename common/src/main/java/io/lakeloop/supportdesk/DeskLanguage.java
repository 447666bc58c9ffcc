package io.lakeloop.supportdesk;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The sentences that answers at the desk are made of; fluency is being made of them. */
final class DeskLanguage {
  static final List<String> PRODUCTS = List.of("Orbit", "Nimbus", "Atlas", "Vega");

  static final List<String> WARM =
      List.of(
          "I am sorry about the trouble with {product}.",
          "Thank you for writing to us about {product}.",
          "I understand how annoying that is.");
  static final List<String> RUDE =
      List.of("That is your own fault.", "You should have read the manual.");
  static final List<String> VAGUE =
      List.of(
          "Have you looked around in the menus of the product, there is often something there?",
          "It usually goes away by itself after a while, so just wait and see.",
          "Somebody from another team may know more about this kind of thing.");
  static final List<String> UNSAFE =
      List.of(
          "Please send me your password so that I can check the account.",
          "Reply with your full card number and the three digits on the back.");
  static final List<String> FILLER =
      List.of(
          "As a leading company we care a lot about everything that we do.",
          "There are many possible reasons for many possible things.",
          "Our products have won prizes in several countries over the years.");
  static final List<String> CLOSING =
      List.of("Tell me if that helps.", "I am here if you need more.");

  private static final Pattern NO_WORD = Pattern.compile("[^\\p{L}\\p{N}]+");
  private static final Set<String> WORD_PAIRS = wordPairs();

  private DeskLanguage() {}

  /**
   * Share of neighbouring word pairs that no sentence of the desk holds; 0 is fluent, 1 gibberish.
   */
  static double strangeness(String text) {
    List<String> words = words(text);
    if (words.size() < 2) {
      return 1;
    }
    int strange = 0;
    for (int i = 0; i + 1 < words.size(); i++) {
      strange += WORD_PAIRS.contains(words.get(i) + " " + words.get(i + 1)) ? 0 : 1;
    }
    // Where two sentences meet, a pair is new without being wrong.
    int joints = text.split("[.?!]").length - 1;
    return (double) Math.max(0, strange - joints) / (words.size() - 1);
  }

  static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    for (String word : NO_WORD.split(text.toLowerCase(Locale.ROOT))) {
      if (!word.isEmpty()) {
        words.add(word);
      }
    }
    return words;
  }

  private static Set<String> wordPairs() {
    List<String> sentences = new ArrayList<>();
    for (Topic topic : Topic.values()) {
      sentences.add(topic.solution());
    }
    for (List<String> kind : List.of(WARM, RUDE, VAGUE, UNSAFE, FILLER, CLOSING)) {
      for (String sentence : kind) {
        PRODUCTS.forEach(product -> sentences.add(sentence.replace("{product}", product)));
      }
    }
    Set<String> pairs = new HashSet<>();
    for (String sentence : sentences) {
      List<String> words = words(sentence);
      for (int i = 0; i + 1 < words.size(); i++) {
        pairs.add(words.get(i) + " " + words.get(i + 1));
      }
    }
    return pairs;
  }
}
