package io.lakeloop.reward;

import io.lakeloop.registry.ModelVersion;
import io.lakeloop.session.ModelLoader;
import java.io.IOException;

/** Opens published reward models, of whichever kind. */
public final class RewardModels {
  private RewardModels() {}

  /** Opens the version; where it is a language model its base is the loader's. */
  public static RewardModel open(ModelVersion version, ModelLoader loader) throws IOException {
    return LinearReward.isIn(version.folder())
        ? LinearReward.open(version.folder())
        : TransformerReward.open(version, loader);
  }
}
