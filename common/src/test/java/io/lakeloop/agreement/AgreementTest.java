package io.lakeloop.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakeloop.agreement.Estimate.Quantiles;
import io.lakeloop.agreement.ItemAgreement.AlphaError;
import io.lakeloop.agreement.ItemAgreement.Pooling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AgreementTest {
  private static final Offset<Double> PRINTED = within(0.0005);
  private static final double[] SCORES = {1, 2, 3, 4, 5};

  /** Four observers, twelve units, missing values: Krippendorff (2011), example C. */
  private static final String[] OBSERVERS = {
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 ."
  };

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
    return new LabelCounts(5, patterns);
  }

  private static Estimate alpha(LabelCounts counts, Weighting weighting) {
    return new ItemAgreement(counts, weighting, Pooling.POOLED_PAIRS, Quantiles.STUDENT)
        .alpha(AlphaError.LINEARISED);
  }

  private static ItemAgreement items(LabelCounts counts, Weighting weighting) {
    return new ItemAgreement(counts, weighting, Pooling.ITEM_MEANS, Quantiles.STUDENT);
  }

  /** Krippendorff (2011) and R's irr print all four metrics of example C. */
  @Test
  void alphaHasThePublishedValueInEveryMetric() {
    LabelCounts counts = published();
    assertThat(alpha(counts, Weighting.identity(5)).value()).isCloseTo(0.743, PRINTED);
    assertThat(alpha(counts, Weighting.of(Weighting.Kind.QUADRATIC, SCORES)).value())
        .isCloseTo(0.849, PRINTED);
    assertThat(alpha(counts, Weighting.of(Weighting.Kind.RATIO, SCORES)).value())
        .isCloseTo(0.797, PRINTED);
    assertThat(alpha(counts, Weighting.krippendorffOrdinal(counts)).value())
        .isCloseTo(0.815, PRINTED);
  }

  /** Gwet (2014) prints these of the same labels, all twelve units counting. */
  @Test
  void fleissAndGwetCountUnitsWithOneLabel() {
    Estimate fleiss = items(published(), Weighting.identity(5)).fleiss();
    assertThat(fleiss.value()).isCloseTo(0.76117, within(5e-6));
    assertThat(fleiss.stdError()).isCloseTo(0.15302, within(5e-6));
    assertThat(fleiss.low()).isCloseTo(0.42438, within(5e-6));
    Estimate gwet = items(published(), Weighting.identity(5)).gwet();
    assertThat(gwet.value()).isCloseTo(0.77544, within(5e-6));
    assertThat(gwet.stdError()).isCloseTo(0.14295, within(5e-6));
  }

  /** SAS PROC FREQ AGREE prints this table's kappas with both errors. */
  @Test
  void cohenHasTheErrorsThatSasPrints() {
    double[][] table = {{0, 4, 1}, {0, 8, 0}, {0, 1, 5}};
    Estimate simple = new TwoRaters(table, Quantiles.NORMAL).cohen(Weighting.identity(3));
    assertThat(simple.value()).isCloseTo(0.4842, within(5e-5));
    assertThat(simple.stdError()).isCloseTo(0.1380, within(5e-5));
    assertThat(simple.low()).isCloseTo(0.2137, within(5e-5));
    assertThat(simple.stdErrorH0()).isCloseTo(0.1484, within(5e-5));
    assertThat(simple.pValue()).isCloseTo(0.0011, within(5e-5));
    Weighting linear = Weighting.of(Weighting.Kind.LINEAR, new double[] {0, 1, 2});
    Estimate weighted = new TwoRaters(table, Quantiles.NORMAL).cohen(linear);
    assertThat(weighted.value()).isCloseTo(0.4701, within(5e-5));
    assertThat(weighted.stdError()).isCloseTo(0.1457, within(5e-5));
  }

  @ParameterizedTest
  @EnumSource(Weighting.Kind.class)
  void weightsAreOneOnTheDiagonalAndSymmetric(Weighting.Kind kind) {
    double[][] weights = Weighting.of(kind, SCORES).matrix();
    for (int k = 0; k < 5; k++) {
      assertThat(weights[k][k]).isEqualTo(1);
      for (int l = 0; l < 5; l++) {
        assertThat(weights[k][l]).isCloseTo(weights[l][k], within(1e-12)).isBetween(0.0, 1.0);
      }
    }
  }

  @Test
  void oppositeNumbersHaveNoRatio() {
    List<String> names =
        Weighting.all(new double[] {-1, 0, 1}).stream().map(Weighting::name).toList();
    assertThat(names).contains("quadratic").doesNotContain("ratio");
  }

  @ParameterizedTest
  @EnumSource(Weighting.Kind.class)
  void patternsWithMultiplicityEqualTheItemsOneByOne(Weighting.Kind kind) {
    Map<String, LabelCounts.Pattern> merged = new TreeMap<>();
    for (LabelCounts.Pattern pattern : published().patterns()) {
      merged.merge(
          Arrays.toString(pattern.counts()),
          pattern,
          (a, b) -> new LabelCounts.Pattern(a.counts(), a.items() + b.items()));
    }
    LabelCounts grouped = new LabelCounts(5, List.copyOf(merged.values()));
    Weighting weighting = Weighting.of(kind, SCORES);
    assertThat(alpha(grouped, weighting).value())
        .isCloseTo(alpha(published(), weighting).value(), within(1e-12));
    assertThat(items(grouped, weighting).gwet().stdError())
        .isCloseTo(items(published(), weighting).gwet().stdError(), within(1e-12));
  }

  @Test
  void nothingCouldDifferIsFullAgreement() {
    LabelCounts same = new LabelCounts(1, List.of(new LabelCounts.Pattern(new int[] {3}, 7)));
    assertThat(alpha(same, Weighting.identity(1)).value()).isEqualTo(1);
  }

  /** The bootstrap's spread is what the formula says, for enough items. */
  @Test
  void theBootstrapAgreesWithTheFormula() {
    List<LabelCounts.Pattern> many =
        published().patterns().stream().map(p -> new LabelCounts.Pattern(p.counts(), 40)).toList();
    LabelCounts counts = new LabelCounts(5, many);
    PatternBootstrap bootstrap = new PatternBootstrap(counts.pairable(), 3);
    double[] values = new double[400];
    for (int r = 0; r < values.length; r++) {
      values[r] = alpha(bootstrap.resample(r), Weighting.identity(5)).value();
    }
    double mean = Arrays.stream(values).average().orElseThrow();
    double spread = Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / 399);
    assertThat(spread)
        .isCloseTo(alpha(counts, Weighting.identity(5)).stdError(), within(0.1 * spread));
  }
}
