package io.lakeloop.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MinHashTest {
  private static long[] bands(String text, MinHash.Unit unit) {
    byte[] signature = new MinHash(unit, 5).signature(text);
    long[] bands = new long[MinHash.BANDS];
    for (int band = 0; band < bands.length; band++) {
      bands[band] = MinHash.band(signature, band);
    }
    return bands;
  }

  private static double jaccard(String a, String b) {
    Set<String> first = new HashSet<>();
    Set<String> second = new HashSet<>();
    for (int i = 0; i + 5 <= a.length(); i++) {
      first.add(a.substring(i, i + 5));
    }
    for (int i = 0; i + 5 <= b.length(); i++) {
      second.add(b.substring(i, i + 5));
    }
    Set<String> both = new HashSet<>(first);
    both.retainAll(second);
    return (double) both.size() / (first.size() + second.size() - both.size());
  }

  private static String text(int words, int seed) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < words; i++) {
      text.append(Integer.toString((i * 7919 + seed) * 104_729 % 1_000_003, 36)).append(' ');
    }
    return text.toString().strip();
  }

  @Test
  void estimatesTheSimilarityOfCharacterFiveGrams() {
    double sum = 0;
    for (int i = 0; i < 40; i++) {
      String a = text(60, i);
      String b = a.substring(0, a.length() * 4 / 5) + text(15, i + 1000);
      double estimate =
          MinHash.similarity(
              bands(a, MinHash.Unit.CHARACTERS), 0, bands(b, MinHash.Unit.CHARACTERS), 0);
      sum += estimate - jaccard(a, b);
      // Four standard errors of one estimate.
      assertThat(estimate).isCloseTo(jaccard(a, b), within(0.19));
    }
    assertThat(sum / 40).isCloseTo(0, within(0.04));
  }

  @Test
  void equalTextsAgreeAndOthersDoNot() {
    for (MinHash.Unit unit : MinHash.Unit.values()) {
      long[] a = bands(text(30, 1), unit);
      assertThat(MinHash.similarity(a, 0, bands(text(30, 1), unit), 0)).isEqualTo(1);
      assertThat(MinHash.similarity(a, 0, bands(text(30, 777), unit), 0)).isLessThan(0.2);
    }
    assertThat(bands("", MinHash.Unit.CHARACTERS)).isEqualTo(bands("", MinHash.Unit.CHARACTERS));
  }
}
