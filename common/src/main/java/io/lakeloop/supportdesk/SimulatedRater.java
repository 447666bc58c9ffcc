package io.lakeloop.supportdesk;

import io.lakeloop.algorithm.BradleyTerry;
import io.lakeloop.algorithm.CounterRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A rater of known character.
 *
 * @param skill how steeply the choice follows what the rater thinks of the answers
 * @param cohort two cohorts differ in taste: one minds length, the other likes warmth
 */
record SimulatedRater(String id, Kind kind, double skill, String cohort) {
  enum Kind {
    HONEST,
    /** Answers at random, and fast. */
    SPAMMER,
    /** Always prefers what stands on the left. */
    LEFT,
    /** As the honest ones at first; after half of the items they answer against what they think. */
    DRIFTING
  }

  private static final int HONEST_RATERS = 12;
  private static final double TIE_WITHIN = 0.15;
  private static final double DRIFT_AFTER = 0.5;

  /**
   * A dozen honest raters of falling skill, a spammer, one who always goes left, one who drifts.
   */
  static List<SimulatedRater> team() {
    List<SimulatedRater> team = new ArrayList<>();
    for (int i = 0; i < HONEST_RATERS; i++) {
      String cohort = i % 2 == 0 ? "berlin" : "lisbon";
      double skill = 3.0 - 0.12 * i;
      team.add(
          new SimulatedRater(
              String.format(Locale.ROOT, "rater-%02d", i + 1), Kind.HONEST, skill, cohort));
    }
    team.add(new SimulatedRater("rater-13", Kind.SPAMMER, 0, "berlin"));
    team.add(new SimulatedRater("rater-14", Kind.LEFT, 0, "lisbon"));
    team.add(new SimulatedRater("rater-15", Kind.DRIFTING, 2.4, "berlin"));
    return team;
  }

  /**
   * The answer a, b or tie to a pair.
   *
   * @param aIsLeft whether a is shown on the left
   * @param elapsed share of the items that came before
   */
  String answer(String prompt, String a, String b, boolean aIsLeft, double elapsed, long key) {
    return switch (kind) {
      case LEFT -> aIsLeft ? "a" : "b";
      case SPAMMER -> CounterRandom.uniform(key, 1) < 0.5 ? "a" : "b";
      case HONEST, DRIFTING -> {
        double gap = taste(prompt, a) - taste(prompt, b);
        gap = kind == Kind.DRIFTING && elapsed > DRIFT_AFTER ? -gap : gap;
        yield Math.abs(gap) < TIE_WITHIN
            ? "tie"
            : CounterRandom.uniform(key, 2) < BradleyTerry.sigmoid(skill * gap) ? "a" : "b";
      }
    };
  }

  private double taste(String prompt, String answer) {
    double gold = GoldReward.score(prompt, answer);
    int words = DeskLanguage.words(answer).size();
    boolean warm = DeskLanguage.WARM.stream().anyMatch(w -> answer.startsWith(w.substring(0, 10)));
    return cohort.equals("berlin") ? gold - 0.015 * words : gold + (warm ? 0.3 : 0);
  }

  /** Seconds spent on a pair. */
  int seconds(String a, String b, long key) {
    int reading = (DeskLanguage.words(a).size() + DeskLanguage.words(b).size()) / 3;
    int pause = CounterRandom.below(12, key, 3);
    return kind == Kind.HONEST || kind == Kind.DRIFTING ? 6 + reading + pause : 2 + pause / 6;
  }
}
