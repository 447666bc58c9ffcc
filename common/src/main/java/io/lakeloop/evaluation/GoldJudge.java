package io.lakeloop.evaluation;

import io.lakeloop.supportdesk.GoldReward;

/** Judges by the hidden reward of the simulated support desk. */
public final class GoldJudge implements Judge {
  @Override
  public String name() {
    return "support-desk-gold";
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public double score(String prompt, String completion) {
    return GoldReward.score(prompt, completion);
  }
}
