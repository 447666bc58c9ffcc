package io.lakeloop.feedback.raters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.feedback.raters.RaterProfile.Answer;
import io.lakeloop.feedback.raters.Recommendation.Action;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RaterProfileTest {
  private static final RaterSettings SETTINGS = new RaterSettings(20, 0.01, 0.5, 0.5, 0.6, 0.33, 3);
  private static final Map<String, Double> SHARES = Map.of("a", 0.5, "b", 0.5);
  private static final int ANSWERS = 200;

  /** How a rater answers: the truth, the number of the answer. */
  private interface Habit {
    String answer(String truth, int i);
  }

  private static List<Answer> answers(int rater, Habit habit, double seconds) {
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < ANSWERS; i++) {
      String truth = CounterRandom.uniform(1, i) < 0.5 ? "a" : "b";
      String shown = CounterRandom.uniform(2, rater, i) < 0.5 ? "ab" : "ba";
      answers.add(
          new Answer(
              habit.answer(truth, i),
              shown,
              List.of(truth),
              i % 4 == 0,
              1.0,
              seconds,
              20.0,
              i * 60.0));
    }
    return answers;
  }

  private static RaterProfile profile(
      String rater, List<Answer> answers, long repeats, long agreeing) {
    return RaterProfile.of(
        rater, "berlin", answers, repeats, agreeing, SHARES, SETTINGS.falseAlarmRate());
  }

  private static RaterProfile honest(int number) {
    Habit habit =
        (truth, i) ->
            CounterRandom.uniform(3, number, i) < 0.85 ? truth : truth.equals("a") ? "b" : "a";
    return profile("honest-" + number, answers(number, habit, 20), 30, 27);
  }

  private static Recommendation judged(RaterProfile one) {
    List<RaterProfile> all = new ArrayList<>(List.of(one));
    for (int i = 0; i < 6; i++) {
      all.add(honest(i));
    }
    return Recommendation.of(all, SETTINGS).get(0);
  }

  @Test
  void nothingIsSaidAgainstWhoIsRightMostly() {
    Recommendation recommended = judged(honest(9));
    assertThat(recommended.action()).isEqualTo(Action.KEEP);
    assertThat(recommended.reasons()).isEmpty();
  }

  @Test
  void aConstantAnswerIsAStraightLineWithoutSkill() {
    RaterProfile same = profile("same", answers(20, (truth, i) -> "a", 20), 0, 0);
    Recommendation recommended = judged(same);
    assertThat(recommended.action()).isEqualTo(Action.EXCLUDE);
    assertThat(recommended.reasons())
        .anyMatch(reason -> reason.startsWith("straight_lining: 200 equal answers"))
        .anyMatch(reason -> reason.startsWith("no_skill"));
    assertThat(same.measure("skill").value()).isCloseTo(0, within(1e-9));
  }

  @Test
  void hasteAndSlownessAreToldApart() {
    RaterProfile fast = profile("fast", answers(21, (truth, i) -> truth, 4), 0, 0);
    assertThat(fast.measure("time_ratio").value()).isCloseTo(0.2, within(1e-9));
    assertThat(judged(fast).reasons()).singleElement().asString().startsWith("too_fast");
    RaterProfile slow = profile("slow", answers(22, (truth, i) -> truth, 80), 0, 0);
    assertThat(judged(slow).action()).isEqualTo(Action.CALIBRATE);
    assertThat(judged(slow).reasons()).singleElement().asString().startsWith("too_slow");
  }

  @Test
  void whoContradictsThemselvesIsCalibrated() {
    RaterProfile fickle = profile("fickle", answers(23, (truth, i) -> truth, 20), 60, 25);
    assertThat(fickle.measure("self_consistency").value()).isCloseTo(25.0 / 60, within(1e-9));
    assertThat(judged(fickle).action()).isEqualTo(Action.CALIBRATE);
  }

  @Test
  void goldAccuracyHasWilsonsInterval() {
    Habit wrong = (truth, i) -> i % 4 == 0 ? (truth.equals("a") ? "b" : "a") : truth;
    RaterProfile failing = profile("failing", answers(24, wrong, 20), 0, 0);
    RaterProfile.Measure gold = failing.measure("gold_accuracy");
    assertThat(gold.value()).isEqualTo(0);
    assertThat(gold.labels()).isEqualTo(50);
    // z^2 / (n + z^2)
    assertThat(gold.high()).isCloseTo(0.07135, within(1e-5));
    assertThat(judged(failing).action()).isEqualTo(Action.EXCLUDE);
  }

  @Test
  void oneAnswerAMinuteIsSixtyAnHour() {
    assertThat(honest(1).measure("labels_per_hour").value()).isCloseTo(60, within(1e-9));
  }

  @Test
  void fewLabelsSayNothing() {
    RaterProfile few = profile("few", answers(25, (truth, i) -> "a", 1).subList(0, 19), 0, 0);
    assertThat(judged(few).action()).isEqualTo(Action.KEEP);
  }
}
