package io.lakeloop.agreement;

import org.apache.commons.math3.special.Gamma;

/**
 * Watches a sequence of hits and misses for a change of its rate, and may be asked after every one
 * of them: the chance that it ever alarms, if the rate stays what it is (whatever it is), is at
 * most the false-alarm rate.
 *
 * <p>The evidence is an e-process by universal inference (Wasserman, Ramdas and Balakrishnan 2020,
 * <a href="https://doi.org/10.1073/pnas.1922664117">10.1073/pnas.1922664117</a>): sequences with
 * one change, over times of change t_j with weights 1 / (j (j + 1)) and Jeffreys' prior on both
 * rates (Krichevsky and Trofimov), against the best constant rate:
 *
 * <pre>
 * E_n = sum_j w_j KT(x_1..t_j) KT(x_t_j+1..n) / max_p prod p^x (1 - p)^(1 - x)
 * KT(s hits, f misses) = B(s + 1/2, f + 1/2) / B(1/2, 1/2)
 * </pre>
 *
 * <p>with the weight of changes still to come on KT(x_1..n). For every constant rate the quotient
 * is at most a martingale from 1, so that {@code P(some E_n >= 1 / alpha) <= alpha} (Ville). It is
 * looked at every ten answers, and less often the longer the sequence.
 */
public final class ChangeTest {
  private static final int STRIDE = 10;
  private static final int STRIDE_SHARE = 50;

  /**
   * What was found.
   *
   * @param evidence the log of the largest E_n
   * @param alarmAfter answers after which it was first at 1 / alpha; 0 for never
   * @param changeAfter answers before the likeliest change, by all answers
   * @param before rate before that change
   * @param after rate after it
   */
  public record Finding(
      double evidence, int alarmAfter, int changeAfter, double before, double after) {
    public boolean alarmed() {
      return alarmAfter > 0;
    }
  }

  private ChangeTest() {}

  /**
   * @param hits in the order of time
   * @param falseAlarmRate chance of an alarm where nothing changes
   */
  public static Finding of(boolean[] hits, double falseAlarmRate) {
    int[] looks = new int[hits.length / STRIDE + 1];
    int[] hitsAt = new int[looks.length];
    int count = 0;
    int sum = 0;
    int next = STRIDE;
    double most = 0;
    int alarm = 0;
    int change = 0;
    for (int i = 0; i < hits.length; i++) {
      sum += hits[i] ? 1 : 0;
      if (i + 1 == next) {
        looks[count] = i + 1;
        hitsAt[count] = sum;
        Look look = look(looks, hitsAt, count);
        most = Math.max(most, look.evidence());
        alarm = alarm == 0 && look.evidence() >= -Math.log(falseAlarmRate) ? i + 1 : alarm;
        change = look.change();
        count++;
        next += Math.max(STRIDE, next / STRIDE_SHARE);
      }
    }
    int hitsBefore = 0;
    for (int i = 0; i < change; i++) {
      hitsBefore += hits[i] ? 1 : 0;
    }
    return new Finding(
        most,
        alarm,
        change,
        (double) hitsBefore / change,
        (double) (sum - hitsBefore) / (hits.length - change));
  }

  private record Look(double evidence, int change) {}

  /** The evidence at look {@code last}, and the likeliest time of change before it. */
  private static Look look(int[] looks, int[] hitsAt, int last) {
    int n = looks[last];
    int hits = hitsAt[last];
    double best = hits == 0 || hits == n ? 0 : plogp(hits, n) + plogp(n - hits, n);
    double top = Double.NEGATIVE_INFINITY;
    double[] terms = new double[last + 1];
    int change = 0;
    double likeliest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < last; j++) {
      double split =
          kt(hitsAt[j], looks[j] - hitsAt[j])
              + kt(hits - hitsAt[j], n - looks[j] - (hits - hitsAt[j]));
      terms[j] = split - Math.log((j + 1.0) * (j + 2.0));
      top = Math.max(top, terms[j]);
      if (split > likeliest) {
        likeliest = split;
        change = looks[j];
      }
    }
    terms[last] = kt(hits, n - hits) - Math.log(last + 1.0);
    top = Math.max(top, terms[last]);
    double sum = 0;
    for (double term : terms) {
      sum += Math.exp(term - top);
    }
    return new Look(top + Math.log(sum) - best, change);
  }

  private static double plogp(int part, int whole) {
    return part * Math.log((double) part / whole);
  }

  /** Log of the Krichevsky-Trofimov probability of a sequence. */
  private static double kt(int hits, int misses) {
    return Gamma.logGamma(hits + 0.5)
        + Gamma.logGamma(misses + 0.5)
        - Gamma.logGamma(hits + misses + 1.0)
        - Math.log(Math.PI);
  }
}
