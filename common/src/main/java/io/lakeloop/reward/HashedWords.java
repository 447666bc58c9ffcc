package io.lakeloop.reward;

import io.lakeloop.algorithm.CounterRandom;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Features of an answer: its words and pairs of words, hashed (Weinberger et al. 2009, <a
 * href="https://arxiv.org/abs/0902.2206">0902.2206</a>), and each once however often it stands
 * there; feature 0 is the logarithm of the length.
 */
final class HashedWords {
  static final int FEATURES = 1 << 15;

  /** As many as a long has bits. */
  private static final int PROJECTED = 64;

  private HashedWords() {}

  /** Value by feature; words count 1 / sqrt(number of words), so that length has its own weight. */
  static Map<Integer, Double> of(Exchange exchange) {
    String[] words =
        exchange.completion().toLowerCase(Locale.ROOT).strip().split("[^\\p{L}\\p{N}']+");
    Map<Integer, Double> features = new TreeMap<>();
    for (int i = 0; i < words.length; i++) {
      features.put(feature(words[i]), 1.0);
      if (i + 1 < words.length) {
        features.put(feature(words[i] + " " + words[i + 1]), 1.0);
      }
    }
    double scale = 1 / Math.sqrt(features.size());
    features.replaceAll((feature, one) -> scale);
    features.put(0, Math.log1p(words.length));
    return features;
  }

  /** The features in fewer dimensions, by signs that are drawn (Achlioptas 2003). */
  static double[] projected(Exchange exchange) {
    double[] projected = new double[PROJECTED];
    of(exchange)
        .forEach(
            (feature, value) -> {
              long bits = CounterRandom.bits(PROJECTED, feature);
              for (int d = 0; d < PROJECTED; d++) {
                projected[d] += (bits >>> d & 1) == 0 ? value : -value;
              }
            });
    return projected;
  }

  private static int feature(String text) {
    return 1 + CounterRandom.below(FEATURES - 1, text.hashCode(), text.length());
  }

  static double dot(Exchange exchange, double[] weights) {
    double sum = 0;
    for (Map.Entry<Integer, Double> feature : of(exchange).entrySet()) {
      sum += feature.getValue() * weights[feature.getKey()];
    }
    return sum;
  }
}
