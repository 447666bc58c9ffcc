package io.lakeloop.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class OveroptimisationWatchTest {
  private static final OveroptimisationWatch WATCH =
      new OveroptimisationWatch(
          new OveroptimisationWatch.Settings(5, 4, 0.1, 2), List.of(), e -> null, 1, 1);

  private static OveroptimisationWatch.Seen after(double[]... proxyAndHeldOut) {
    OveroptimisationWatch.Seen seen = OveroptimisationWatch.Seen.nothing();
    for (int i = 0; i < proxyAndHeldOut.length; i++) {
      seen =
          WATCH.judge(
              seen,
              new OveroptimisationWatch.Reading(
                  5 * (i + 1), proxyAndHeldOut[i][0], proxyAndHeldOut[i][1], 1));
    }
    return seen;
  }

  private static double[] look(double proxy, double heldOut) {
    return new double[] {proxy, heldOut};
  }

  @Test
  void stopsWhereHeldOutFallsWhileTheProxyRises() {
    // Gao et al. 2022, figure 1: the proxy goes on rising after the gold reward has peaked.
    OveroptimisationWatch.Seen seen =
        after(look(0.2, 0.1), look(0.6, 0.5), look(0.9, 0.3), look(1.2, 0.2));
    assertThat(seen.bestStep()).isEqualTo(10);
    assertThat(WATCH.stops(seen)).isTrue();
  }

  @Test
  void aSingleBadLookDoesNotStop() {
    assertThat(WATCH.stops(after(look(0.6, 0.5), look(0.9, 0.3)))).isFalse();
    assertThat(WATCH.stops(after(look(0.6, 0.5), look(0.9, 0.3), look(1, 0.45), look(1.1, 0.3))))
        .isFalse();
  }

  @Test
  void whereBothFallItIsNotOverOptimisation() {
    assertThat(WATCH.stops(after(look(0.6, 0.5), look(0.5, 0.3), look(0.4, 0.2)))).isFalse();
  }

  @Test
  void aFallWithinTheThresholdIsNoise() {
    assertThat(WATCH.stops(after(look(0.6, 0.5), look(0.9, 0.45), look(1.2, 0.41)))).isFalse();
  }

  @Test
  void looksComeEverySoManySteps() {
    assertThat(WATCH.isDue(5)).isTrue();
    assertThat(WATCH.isDue(6)).isFalse();
  }
}
