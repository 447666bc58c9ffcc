package io.lakeloop.feedback.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LeverageTest {
  @Test
  void isWhatTheInverseSays() {
    // X'X + I = [[3, 1], [1, 3]], whose inverse is [[3, -1], [-1, 3]] / 8.
    double[] leverage = Leverage.of(new double[][] {{1, 0}, {0, 1}, {1, 1}});
    assertThat(leverage[0]).isCloseTo(3.0 / 8, within(1e-12));
    assertThat(leverage[1]).isCloseTo(3.0 / 8, within(1e-12));
    assertThat(leverage[2]).isCloseTo(4.0 / 8, within(1e-12));
  }

  @Test
  void greedyTakesWhatIsNewBeforeWhatIsMore() {
    double[][] rows = {{2, 0, 0}, {1.9, 0, 0}, {0, 1, 0}, {0, 0, 0.5}};
    assertThat(Leverage.greedy(rows, 3)).containsExactly(0, 2, 1);
    assertThat(Leverage.greedy(rows, 9)).hasSize(4);
  }
}
