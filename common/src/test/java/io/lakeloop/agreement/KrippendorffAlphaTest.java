package io.lakeloop.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class KrippendorffAlphaTest {

  /** Four observers, twelve units, missing values: Krippendorff (2011), example C, nominal. */
  private static final String[] OBSERVERS = {
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 ."
  };

  @Test
  void reproducesThePublishedNominalValue() {
    assertThat(KrippendorffAlpha.nominal(published())).isCloseTo(0.743, within(0.0005));
  }

  private static LabelCounts published() {
    List<LabelCounts.Pattern> patterns = new ArrayList<>();
    for (int unit = 0; unit < 12; unit++) {
      int[] counts = new int[5];
      for (String observer : OBSERVERS) {
        String value = observer.split(" ")[unit];
        if (!value.equals(".")) {
          counts[Integer.parseInt(value) - 1]++;
        }
      }
      patterns.add(new LabelCounts.Pattern(counts, 1));
    }
    return LabelCounts.of(5, patterns);
  }

  @Test
  void itemsWithOneLabelDoNotCount() {
    assertThat(published().items()).isEqualTo(11);
    assertThat(published().labels()).isEqualTo(40);
  }

  @Test
  void patternsWithMultiplicityEqualTheItemsOneByOne() {
    Map<String, LabelCounts.Pattern> merged = new TreeMap<>();
    for (LabelCounts.Pattern pattern : published().patterns()) {
      merged.merge(
          java.util.Arrays.toString(pattern.counts()),
          pattern,
          (a, b) -> new LabelCounts.Pattern(a.counts(), a.items() + b.items()));
    }
    LabelCounts grouped = LabelCounts.of(5, List.copyOf(merged.values()));
    assertThat(KrippendorffAlpha.nominal(grouped))
        .isCloseTo(KrippendorffAlpha.nominal(published()), within(1e-12));
  }

  @Test
  void perfectAgreementIsOneAndChanceIsNearZero() {
    assertThat(
            KrippendorffAlpha.nominal(
                LabelCounts.of(
                    2,
                    List.of(
                        new LabelCounts.Pattern(new int[] {2, 0}, 50),
                        new LabelCounts.Pattern(new int[] {0, 2}, 50)))))
        .isEqualTo(1);
    assertThat(
            KrippendorffAlpha.nominal(
                LabelCounts.of(
                    2,
                    List.of(
                        new LabelCounts.Pattern(new int[] {2, 0}, 2500),
                        new LabelCounts.Pattern(new int[] {1, 1}, 5000),
                        new LabelCounts.Pattern(new int[] {0, 2}, 2500)))))
        .isCloseTo(0, within(1e-3));
  }

  @Test
  void theBootstrapAgreesWithTheSpreadOfDirectResampling() {
    LabelCounts labels =
        LabelCounts.of(
            2,
            List.of(
                new LabelCounts.Pattern(new int[] {3, 0}, 40),
                new LabelCounts.Pattern(new int[] {2, 1}, 25),
                new LabelCounts.Pattern(new int[] {0, 3}, 35)));
    double[] bootstrap = KrippendorffAlpha.bootstrap(labels, 2000, 1);
    assertThat(bootstrap[0]).isCloseTo(directStandardError(labels), within(0.005));
    assertThat(KrippendorffAlpha.nominal(labels)).isBetween(bootstrap[1], bootstrap[2]);
    assertThat(KrippendorffAlpha.bootstrap(labels, 2000, 1)).isEqualTo(bootstrap);
  }

  private static double directStandardError(LabelCounts labels) {
    int[] items = new int[100];
    int at = 0;
    for (int p = 0; p < labels.patterns().size(); p++) {
      for (int i = 0; i < labels.patterns().get(p).items(); i++) {
        items[at++] = p;
      }
    }
    java.util.Random random = new java.util.Random(5);
    double sum = 0;
    double squares = 0;
    int resamples = 2000;
    for (int r = 0; r < resamples; r++) {
      long[] drawn = new long[3];
      for (int i = 0; i < items.length; i++) {
        drawn[items[random.nextInt(items.length)]]++;
      }
      List<LabelCounts.Pattern> patterns = new ArrayList<>();
      for (int p = 0; p < 3; p++) {
        patterns.add(new LabelCounts.Pattern(labels.patterns().get(p).counts(), drawn[p]));
      }
      double alpha = KrippendorffAlpha.nominal(LabelCounts.of(2, patterns));
      sum += alpha;
      squares += alpha * alpha;
    }
    return Math.sqrt(squares / resamples - Math.pow(sum / resamples, 2));
  }

  @Test
  void wilsonIntervalOfEightInTen() {
    // R: binom::binom.wilson(8, 10) gives 0.4901625 and 0.9433178.
    Wilson interval = Wilson.of(0.8, 10);
    assertThat(interval.low()).isCloseTo(0.4901625, within(1e-6));
    assertThat(interval.high()).isCloseTo(0.9433178, within(1e-6));
  }
}
