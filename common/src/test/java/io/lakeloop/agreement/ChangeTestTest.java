package io.lakeloop.agreement;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.algorithm.CounterRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChangeTestTest {
  private static final int RATERS = 2000;
  private static final int ANSWERS = 500;

  private static boolean[] answers(int rater, double before, double after) {
    boolean[] hits = new boolean[ANSWERS];
    for (int i = 0; i < ANSWERS; i++) {
      hits[i] = CounterRandom.uniform(17, rater, i) < (i < ANSWERS / 2 ? before : after);
    }
    return hits;
  }

  /** Over all 500 answers, not at each of them: that is what a rate for ever means. */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.05, 0.2})
  void whoDoesNotChangeIsBlamedNoMoreOftenThanTheRateSays(double rate) {
    int alarms = 0;
    for (int rater = 0; rater < RATERS; rater++) {
      double accuracy = 0.5 + 0.45 * CounterRandom.uniform(23, rater);
      alarms += ChangeTest.of(answers(rater, accuracy, accuracy), rate).alarmed() ? 1 : 0;
    }
    assertThat((double) alarms / RATERS).isLessThanOrEqualTo(rate);
  }

  @Test
  void whoFallsIsFoundSoonAfter() {
    int found = 0;
    for (int rater = 0; rater < 200; rater++) {
      ChangeTest.Finding finding = ChangeTest.of(answers(rater, 0.85, 0.5), 0.01);
      if (finding.alarmed()) {
        found++;
        assertThat(finding.after()).isLessThan(finding.before());
      }
    }
    assertThat(found).isGreaterThan(190);
  }

  @Test
  void fewAnswersSayNothing() {
    assertThat(ChangeTest.of(new boolean[5], 0.01).alarmed()).isFalse();
  }
}
