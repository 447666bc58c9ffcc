package io.lakeloop.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CounterRandomTest {
  @Test
  void uniformNumbersFillTheUnitIntervalEvenly() {
    int n = 100_000;
    int[] bins = new int[20];
    for (int i = 0; i < n; i++) {
      bins[(int) (20 * CounterRandom.uniform(1, i))]++;
    }
    double chiSquare =
        Arrays.stream(bins).mapToDouble(c -> Math.pow(c - n / 20.0, 2) / (n / 20.0)).sum();
    // 99.9 % quantile for 19 degrees of freedom.
    assertThat(chiSquare).isLessThan(43.8);
  }

  @Test
  void normalNumbersHaveMeanZeroAndVarianceOne() {
    double[] draws =
        IntStream.range(0, 100_000).mapToDouble(i -> CounterRandom.gaussian(2, i)).toArray();
    assertThat(Arrays.stream(draws).average().orElseThrow()).isCloseTo(0, within(0.01));
    assertThat(Arrays.stream(draws).map(d -> d * d).average().orElseThrow())
        .isCloseTo(1, within(0.02));
  }

  @Test
  void permutationsHoldEveryNumberOnce() {
    int[] order = CounterRandom.permutation(1000, 3, 4);
    assertThat(Arrays.stream(order).sorted().toArray())
        .isEqualTo(IntStream.range(0, 1000).toArray());
    assertThat(order).isNotEqualTo(CounterRandom.permutation(1000, 3, 5));
  }
}
