package io.lakeloop.feedback.raters;

import io.lakeloop.config.Problems;

/**
 * When something is said against a rater.
 *
 * @param minLabels labels below which nothing is said
 * @param falseAlarmRate chance that a test alarms at a rater without fault: over all raters
 *     together for position and straight lines, per rater and for ever for drift
 * @param spammerSkill share of the raters' median skill (agreement beyond chance) that a rater's
 *     interval must reach: what can be reached differs from question to question
 * @param minGoldAccuracy accuracy on gold questions that the interval must reach
 * @param minSelfConsistency agreement with own earlier answers that the interval must reach
 * @param fastest time per item, as a share of the others' on the same items, below which is haste
 * @param slowest the same above which is slow
 */
public record RaterSettings(
    int minLabels,
    double falseAlarmRate,
    double spammerSkill,
    double minGoldAccuracy,
    double minSelfConsistency,
    double fastest,
    double slowest) {
  public RaterSettings {
    Problems.in("labeler-agreement")
        .require(minLabels >= 1, "raters.min-labels must be at least 1, got %d", minLabels)
        .require(
            falseAlarmRate > 0 && falseAlarmRate < 0.5,
            "raters.false-alarm-rate must lie between 0 and 0.5, got %s",
            falseAlarmRate)
        .require(
            spammerSkill >= 0 && spammerSkill < 1,
            "raters.spammer-skill must lie in [0, 1), got %s",
            spammerSkill)
        .require(
            minGoldAccuracy >= 0 && minGoldAccuracy <= 1,
            "raters.min-gold-accuracy must lie in [0, 1], got %s",
            minGoldAccuracy)
        .require(
            minSelfConsistency >= 0 && minSelfConsistency <= 1,
            "raters.min-self-consistency must lie in [0, 1], got %s",
            minSelfConsistency)
        .require(
            fastest >= 0 && fastest < 1 && slowest > 1,
            "raters.fastest must lie in [0, 1) and raters.slowest above 1, got %s and %s",
            fastest,
            slowest)
        .throwIfAny();
  }
}
