package io.lakeloop.reward;

import io.lakeloop.registry.ModelVersion;
import java.io.IOException;

/** Opens published reward models, of whichever kind. */
public final class RewardModels {
  private RewardModels() {}

  public static RewardModel open(ModelVersion version) throws IOException {
    return LinearReward.isIn(version.folder())
        ? LinearReward.open(version.folder())
        : TransformerReward.open(version.folder());
  }
}
