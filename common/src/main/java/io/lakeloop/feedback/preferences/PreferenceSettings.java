package io.lakeloop.feedback.preferences;

import io.lakeloop.config.Problems;
import io.lakeloop.config.Quoted;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How labels become pairs.
 *
 * @param hard true for the likeliest answer as if it were sure
 * @param weighted whether certainty and the raters' reliability weigh a pair
 * @param ties what becomes of pairs that are most likely a tie
 * @param minProbability other pairs whose better answer is less certain are dropped as undecided
 * @param grades by answer: above 0 where a is better, 0 a tie; how far, where answers are graded
 * @param marginPerGrade margin per grade of expected preference, in units of reward
 * @param signals log-odds that a signal of the logs adds for the answer that has it
 * @param reasons factor on a pair's weight, by reason that a rater ticked
 */
public record PreferenceSettings(
    boolean hard,
    boolean weighted,
    Ties ties,
    double minProbability,
    Map<String, String> grades,
    double marginPerGrade,
    Signals signals,
    Map<String, String> reasons) {

  /** What becomes of ties. */
  public enum Ties {
    /** A pair with probability one half. */
    KEEP,
    DROP
  }

  /**
   * The table of weights of what the logs say of an answer, as log-odds.
   *
   * @param taskCompleted the task was completed, against not
   * @param csat from the middle to the best
   * @param thumb up, against none
   * @param escalated handed to a person
   */
  public record Signals(double taskCompleted, double csat, double thumb, double escalated) {
    public Signals {
      Problems problems = Problems.in("build-preferences");
      Map.of("task-completed", taskCompleted, "csat", csat, "thumb", thumb, "escalated", escalated)
          .forEach(
              (name, odds) ->
                  problems.require(
                      Double.isFinite(odds),
                      "labels.signals.%s must be a finite number, got %s",
                      name,
                      odds));
      problems.throwIfAny();
    }

    boolean none() {
      return taskCompleted == 0 && csat == 0 && thumb == 0 && escalated == 0;
    }
  }

  public PreferenceSettings {
    Problems problems =
        Problems.in("build-preferences")
            .require(
                minProbability >= 0.5 && minProbability < 1,
                "labels.min-probability must lie in [0.5, 1), got %s",
                minProbability)
            .require(!grades.isEmpty(), "labels.grades is empty: say which answers are for a")
            .require(
                marginPerGrade >= 0 && Double.isFinite(marginPerGrade),
                "labels.margin-per-grade must be a finite number from 0, got %s",
                marginPerGrade);
    numbers("grades", grades, problems);
    numbers("reasons", reasons, problems)
        .forEach(
            (reason, factor) ->
                problems.require(
                    factor > 0 && factor <= 1000,
                    "labels.reasons.%s must lie in (0, 1000], got %s",
                    reason,
                    factor));
    problems.throwIfAny();
  }

  /** Grades by answer. */
  Map<String, Double> gradeNumbers() {
    return numbers("grades", grades, Problems.in("build-preferences"));
  }

  /** Factors by reason. */
  Map<String, Double> reasonNumbers() {
    return numbers("reasons", reasons, Problems.in("build-preferences"));
  }

  private static Map<String, Double> numbers(
      String key, Map<String, String> texts, Problems problems) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    texts.forEach(
        (name, text) -> {
          double number = number(text);
          if (Double.isFinite(number)) {
            numbers.put(name, number);
          } else {
            problems.add(
                "labels.%s.%s must be a finite number, got %s", key, name, Quoted.of(text));
          }
        });
    return numbers;
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}
