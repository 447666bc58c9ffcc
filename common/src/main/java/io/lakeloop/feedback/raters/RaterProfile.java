package io.lakeloop.feedback.raters;

import io.lakeloop.agreement.ChangeTest;
import io.lakeloop.agreement.Wilson;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.distribution.BinomialDistribution;

/**
 * What the answers of one rater, in the order of time, say of them.
 *
 * <ul>
 *   <li>{@code gold_accuracy}: share of gold questions answered as known;
 *   <li>{@code consensus_agreement}: agreement with the majority of the other raters of an item; of
 *       k values that tie for it, each counts 1/k;
 *   <li>{@code quality}: the two in one, gold answers taking the place of the majority where there
 *       is one;
 *   <li>{@code skill}: quality beyond chance, {@code (q - c) / (1 - c)}, chance c being an answer
 *       drawn from the rater's own, whatever the item: 0 for whoever doesn't look;
 *   <li>{@code left_rate}: share of answers a or b that chose the left one, with a binomial test;
 *   <li>{@code median_seconds}, {@code time_ratio}: time per item, and as a share of the item's
 *       median (both medians);
 *   <li>{@code longest_run}: equal answers in a row, with the chance that they come so;
 *   <li>{@code labels_per_hour}: over hours at work, gaps counting five minutes at most;
 *   <li>{@code self_consistency}: agreement with own earlier answers to the same;
 *   <li>{@code drift}: change of the rate of hits against gold and consensus, log of the evidence
 *       of {@link ChangeTest}; {@code drift_change} is the rate after the change less that before.
 * </ul>
 */
public final class RaterProfile implements Serializable {
  private static final double LONGEST_GAP_SECONDS = 300;

  /**
   * One measure.
   *
   * @param low 95 % interval, or null
   * @param pValue of the test that belongs to the measure, or null
   */
  public record Measure(
      String name, double value, Double low, Double high, Double pValue, long labels)
      implements Serializable {}

  /**
   * One answer, judged; what is not known is null.
   *
   * @param leaders answers that gold or the others' majority give, null where there are none
   * @param seconds time spent
   * @param peerSeconds median time of the item
   * @param submitted epoch seconds
   */
  public record Answer(
      String value,
      String shown,
      List<String> leaders,
      boolean gold,
      Double consensus,
      Double seconds,
      Double peerSeconds,
      Double submitted)
      implements Serializable {}

  private final String rater;
  private final String cohort;
  private final List<Measure> measures = new ArrayList<>();
  private final Map<String, Integer> own = new HashMap<>();
  private final Map<String, Double> leading = new HashMap<>();

  private RaterProfile(String rater, String cohort) {
    this.rater = rater;
    this.cohort = cohort;
  }

  public String rater() {
    return rater;
  }

  public String cohort() {
    return cohort;
  }

  public List<Measure> measures() {
    return measures;
  }

  /** The measure of this name, or null. */
  public Measure measure(String name) {
    return measures.stream().filter(m -> m.name().equals(name)).findFirst().orElse(null);
  }

  /**
   * @param answers in the order of time
   * @param repeats pairs of own answers to the same item
   * @param agreeing those of them that agree
   * @param shares of each value over all raters
   */
  static RaterProfile of(
      String rater,
      String cohort,
      List<Answer> answers,
      long repeats,
      long agreeing,
      Map<String, Double> shares,
      double falseAlarmRate) {
    RaterProfile profile = new RaterProfile(rater, cohort);
    profile.quality(answers);
    profile.position(answers);
    profile.time(answers);
    profile.run(answers, shares);
    if (repeats > 0) {
      profile.share("self_consistency", (double) agreeing / repeats, repeats, null);
    }
    profile.drift(answers, falseAlarmRate);
    return profile;
  }

  private static double hit(Answer answer) {
    return answer.leaders().contains(answer.value()) ? 1.0 / answer.leaders().size() : 0;
  }

  private void quality(List<Answer> answers) {
    double[] gold = sum(answers.stream().filter(Answer::gold).map(RaterProfile::hit));
    double[] consensus =
        sum(answers.stream().map(Answer::consensus).filter(java.util.Objects::nonNull));
    List<Answer> judged = answers.stream().filter(a -> a.leaders() != null).toList();
    double[] all = sum(judged.stream().map(RaterProfile::hit));
    share("gold_accuracy", gold[0] / gold[1], (long) gold[1], null);
    share("consensus_agreement", consensus[0] / consensus[1], (long) consensus[1], null);
    share("quality", all[0] / all[1], (long) all[1], null);
    for (Answer answer : judged) {
      own.merge(answer.value(), 1, Integer::sum);
      answer.leaders().forEach(v -> leading.merge(v, 1.0 / answer.leaders().size(), Double::sum));
    }
    double n = all[1];
    double chance = 0;
    for (Map.Entry<String, Integer> value : own.entrySet()) {
      chance += value.getValue() / n * leading.getOrDefault(value.getKey(), 0.0) / n;
    }
    if (n > 0 && chance < 1) {
      Wilson interval = Wilson.of(all[0] / n, n);
      double left = 1 - chance;
      measures.add(
          new Measure(
              "skill",
              (all[0] / n - chance) / left,
              (interval.low() - chance) / left,
              (interval.high() - chance) / left,
              null,
              (long) n));
    }
  }

  private void position(List<Answer> answers) {
    List<Answer> sided =
        answers.stream()
            .filter(a -> a.shown() != null && (a.value().equals("a") || a.value().equals("b")))
            .toList();
    int left = (int) sided.stream().filter(a -> a.shown().startsWith(a.value())).count();
    int n = sided.size();
    if (n > 0) {
      BinomialDistribution even = new BinomialDistribution(null, n, 0.5);
      double tail = even.cumulativeProbability(Math.min(left, n - left));
      share("left_rate", (double) left / n, n, Math.min(1, 2 * tail));
    }
  }

  private void time(List<Answer> answers) {
    double[] seconds =
        answers.stream().filter(a -> a.seconds() != null).mapToDouble(Answer::seconds).toArray();
    if (seconds.length > 0) {
      plain("median_seconds", median(seconds), seconds.length);
    }
    double[] ratios =
        answers.stream()
            .filter(a -> a.seconds() != null && a.peerSeconds() != null && a.peerSeconds() > 0)
            .mapToDouble(a -> a.seconds() / a.peerSeconds())
            .toArray();
    if (ratios.length > 0) {
      plain("time_ratio", median(ratios), ratios.length);
    }
    double[] times =
        answers.stream()
            .filter(a -> a.submitted() != null)
            .mapToDouble(Answer::submitted)
            .toArray();
    double worked = 0;
    for (int i = 1; i < times.length; i++) {
      worked += Math.min(LONGEST_GAP_SECONDS, times[i] - times[i - 1]);
    }
    if (worked > 0) {
      plain("labels_per_hour", (times.length - 1) * 3600 / worked, times.length);
    }
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    int half = values.length / 2;
    return values.length % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  }

  private void run(List<Answer> answers, Map<String, Double> shares) {
    int longest = 0;
    int run = 0;
    String value = null;
    String last = null;
    for (Answer answer : answers) {
      run = answer.value().equals(last) ? run + 1 : 1;
      last = answer.value();
      if (run > longest) {
        longest = run;
        value = last;
      }
    }
    if (longest > 0) {
      // A run can begin at any answer: the union bound over where it does.
      double share = Math.min(1 - 1e-9, shares.get(value));
      double chance = Math.min(1, answers.size() * Math.pow(share, longest));
      measures.add(new Measure("longest_run", longest, null, null, chance, answers.size()));
    }
  }

  private void drift(List<Answer> answers, double falseAlarmRate) {
    List<Answer> decided =
        answers.stream().filter(a -> a.leaders() != null && a.leaders().size() == 1).toList();
    boolean[] hits = new boolean[decided.size()];
    for (int i = 0; i < hits.length; i++) {
      hits[i] = hit(decided.get(i)) == 1;
    }
    ChangeTest.Finding found = ChangeTest.of(hits, falseAlarmRate);
    if (found.changeAfter() > 0) {
      double pValue = Math.min(1, Math.exp(-found.evidence()));
      measures.add(new Measure("drift", found.evidence(), null, null, pValue, hits.length));
      plain("drift_change", found.after() - found.before(), hits.length - found.changeAfter());
    }
  }

  /** Sum and count. */
  private static double[] sum(java.util.stream.Stream<Double> values) {
    double[] sum = new double[2];
    values.forEach(
        value -> {
          sum[0] += value;
          sum[1]++;
        });
    return sum;
  }

  private void plain(String name, double value, long labels) {
    measures.add(new Measure(name, value, null, null, null, labels));
  }

  private void share(String name, double value, long labels, Double pValue) {
    if (labels > 0) {
      Wilson interval = Wilson.of(value, labels);
      measures.add(new Measure(name, value, interval.low(), interval.high(), pValue, labels));
    }
  }
}
