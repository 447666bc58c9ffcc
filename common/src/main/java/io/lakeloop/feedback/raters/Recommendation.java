package io.lakeloop.feedback.raters;

import io.lakeloop.feedback.raters.RaterProfile.Measure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What to do about a rater, and why. Nothing is done by itself: the labels stay as they are, and
 * what a rater's answers weigh is a matter of what they are worth.
 *
 * @param reasons in words with the values; empty for KEEP
 */
public record Recommendation(Action action, List<String> reasons) {

  /** From nothing to the most. */
  public enum Action {
    /** Nothing is to be said. */
    KEEP,
    /** Go through the guideline together. */
    CALIBRATE,
    /** Look at their answers before they are used. */
    REVIEW,
    /** Their answers say nothing of the items. */
    EXCLUDE;

    /** As in the column action. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** One for each rater, in their order. */
  public static List<Recommendation> of(List<RaterProfile> profiles, RaterSettings settings) {
    double[] skills =
        profiles.stream()
            .map(profile -> profile.measure("skill"))
            .filter(skill -> enough(skill, settings))
            .mapToDouble(Measure::value)
            .sorted()
            .toArray();
    double median = skills.length == 0 ? 0 : skills[skills.length / 2];
    return profiles.stream()
        .map(profile -> of(profile, settings, profiles.size(), median))
        .toList();
  }

  private static Recommendation of(
      RaterProfile profile, RaterSettings settings, int raters, double medianSkill) {
    Builder found = new Builder();
    double rate = settings.falseAlarmRate();
    Measure skill = profile.measure("skill");
    if (enough(skill, settings) && skill.high() < settings.spammerSkill() * medianSkill) {
      found.add(
          Action.EXCLUDE,
          "no_skill: %.2f (at most %.2f, the median is %.2f)",
          skill.value(),
          skill.high(),
          medianSkill);
    }
    Measure gold = profile.measure("gold_accuracy");
    if (enough(gold, settings) && gold.high() < settings.minGoldAccuracy()) {
      found.add(Action.EXCLUDE, "gold_accuracy: %.2f (at most %.2f)", gold.value(), gold.high());
    }
    Measure left = profile.measure("left_rate");
    if (enough(left, settings)
        && left.pValue() < rate / raters
        && Math.abs(left.value() - 0.5) > 0.1) {
      found.add(
          Action.REVIEW, "position_bias: left in %.0f %% (%s)", 100 * left.value(), chance(left));
    }
    Measure run = profile.measure("longest_run");
    if (enough(run, settings) && run.pValue() < rate / raters) {
      found.add(
          Action.REVIEW,
          "straight_lining: %.0f equal answers in a row (%s)",
          run.value(),
          chance(run));
    }
    Measure time = profile.measure("time_ratio");
    if (enough(time, settings) && time.value() < settings.fastest()) {
      found.add(Action.REVIEW, "too_fast: %.2f of the others' time", time.value());
    }
    if (enough(time, settings) && time.value() > settings.slowest()) {
      found.add(Action.CALIBRATE, "too_slow: %.1f times the others' time", time.value());
    }
    Measure self = profile.measure("self_consistency");
    if (enough(self, settings) && self.high() < settings.minSelfConsistency()) {
      found.add(Action.CALIBRATE, "self_consistency: %.2f", self.value());
    }
    Measure drift = profile.measure("drift");
    Measure change = profile.measure("drift_change");
    if (enough(drift, settings) && drift.pValue() <= rate) {
      found.add(
          change.value() < 0 ? Action.REVIEW : Action.CALIBRATE,
          "%s: rate of hits changed by %+.2f, %d answers ago (%s)",
          change.value() < 0 ? "drift_down" : "drift_up",
          change.value(),
          change.labels(),
          chance(drift));
    }
    return new Recommendation(found.action, found.reasons);
  }

  private static String chance(Measure measure) {
    return measure.pValue() < 1e-12
        ? "p below 1e-12"
        : String.format(Locale.ROOT, "p %.1e", measure.pValue());
  }

  private static boolean enough(Measure measure, RaterSettings settings) {
    return measure != null && measure.labels() >= settings.minLabels();
  }

  private static final class Builder {
    private Action action = Action.KEEP;
    private final List<String> reasons = new ArrayList<>();

    private void add(Action proposed, String reason, Object... values) {
      action = proposed.compareTo(action) > 0 ? proposed : action;
      reasons.add(String.format(Locale.ROOT, reason, values));
    }
  }
}
