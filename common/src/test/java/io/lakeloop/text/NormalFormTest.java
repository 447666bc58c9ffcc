package io.lakeloop.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormalFormTest {
  private static double similarity(String a, String b) {
    return MinHash.similarity(bands(a), 0, bands(b), 0);
  }

  private static long[] bands(String text) {
    byte[] signature =
        new MinHash(MinHash.Unit.CHARACTERS, 5).signature(Skeleton.of(text), Signs.of(text));
    long[] bands = new long[MinHash.BANDS];
    for (int band = 0; band < bands.length; band++) {
      bands[band] = MinHash.band(signature, band);
    }
    return bands;
  }

  /** What is said is the same but for these few characters. */
  private static String within(String text) {
    return "I have read all of the manual and what the shop says about it. "
        + text
        + " Please tell me whether that is right, and what I would have to do if it is not.";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Is x < 5? | Is x > 5?",
        "a <= b | a >= b",
        "a == b | a != b",
        "Set it to -5 degrees. | Set it to 5 degrees.",
        "Set it to −5 degrees. | Set it to 5 degrees.",
        "+5 | -5",
        "It costs 3.5 | It costs 35",
        "It costs 19 | It costs 91",
        "It costs $5 | It costs €5",
        "by 5% | by 5",
        "👍 | 👎",
        "👍🏻 | 👍🏿",
        "fine :) | fine :(",
        "from 3-5 | from 3+5",
        "1/2 | 12",
        "x < 5 and y > 5 | x > 5 and y < 5",
        "¬a | a",
        "!ready | ready"
      })
  void textsOfOtherSignsAreNoDuplicates(String a, String b) {
    assertThat(NormalForm.hash(a)).isNotEqualTo(NormalForm.hash(b));
    assertThat(similarity(a, b)).isLessThan(0.2);
    assertThat(NormalForm.hash(within(a))).isNotEqualTo(NormalForm.hash(within(b)));
    assertThat(similarity(within(a), within(b))).isLessThan(0.2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Where IS  my order | where is my Order",
        "ﬁne Ａ | fine a",
        "STRASSE | straße",
        "it’s “here” – now | it's \"here\" - now",
        "−5 degrees | -5 degrees",
        "👍\uFE0F | 👍"
      })
  void formsCaseAndSpacingAreAside(String a, String b) {
    assertThat(NormalForm.of(a)).isEqualTo(NormalForm.of(b));
    assertThat(similarity(within(a), within(b))).isGreaterThan(0.8);
  }

  @Test
  void punctuationMakesANearDuplicate() {
    assertThat(NormalForm.hash("yes?")).isNotEqualTo(NormalForm.hash("yes"));
    assertThat(similarity("yes?", "yes")).isEqualTo(1);
    assertThat(similarity(within("**Right.**"), within("Right!"))).isEqualTo(1);
    assertThat(similarity(within("up-to-date"), within("up to date"))).isEqualTo(1);
  }

  @Test
  void placeholdersCountAsWords() {
    assertThat(Signs.of("Call <PHONE_2> of <NATIONAL_ID_1>.")).isZero();
    assertThat(Signs.of("a < b")).isNotZero();
  }
}
