package io.lakeloop.feedback.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakeloop.algorithm.CounterRandom;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
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

  @Test
  void greedyGainsMostAtEveryStep() {
    double[][] rows = new double[40][5];
    for (int i = 0; i < rows.length; i++) {
      for (int d = 0; d < 5; d++) {
        rows[i][d] = CounterRandom.uniform(1, i, d) - 0.5;
      }
    }
    int[] chosen = Leverage.greedy(rows, 10);
    for (int n = 0; n < chosen.length; n++) {
      List<Integer> before = Arrays.stream(chosen).limit(n).boxed().toList();
      double gain = logDeterminant(rows, before, chosen[n]);
      for (int other = 0; other < rows.length; other++) {
        if (!before.contains(other)) {
          assertThat(gain).isGreaterThanOrEqualTo(logDeterminant(rows, before, other) - 1e-12);
        }
      }
    }
  }

  /** Of X'X + I, by elimination. */
  private static double logDeterminant(double[][] rows, List<Integer> some, int more) {
    int size = rows[0].length;
    double[][] information = new double[size][size];
    Stream.concat(some.stream(), Stream.of(more))
        .forEach(
            row -> {
              for (int i = 0; i < size; i++) {
                for (int j = 0; j < size; j++) {
                  information[i][j] += rows[row][i] * rows[row][j];
                }
              }
            });
    double log = 0;
    for (int i = 0; i < size; i++) {
      information[i][i] += 1;
    }
    for (int i = 0; i < size; i++) {
      log += Math.log(information[i][i]);
      for (int k = i + 1; k < size; k++) {
        double factor = information[k][i] / information[i][i];
        for (int j = i; j < size; j++) {
          information[k][j] -= factor * information[i][j];
        }
      }
    }
    return log;
  }
}
