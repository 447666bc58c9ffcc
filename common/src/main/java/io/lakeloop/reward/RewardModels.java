package io.lakeloop.reward;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.ModelLoader;
import java.io.IOException;

/** Opens published reward models, of whichever kind. */
public final class RewardModels {
  private RewardModels() {}

  /**
   * A value model that starts out as the reward model, in memory of its own but for a shared base
   * (D17).
   *
   * @throws UserError CONFIG_INVALID if the reward model cannot read what the policy writes
   */
  public static CausalLm valueModel(ModelVersion reward, ModelLoader loader, LmConfig policy)
      throws IOException {
    CausalLm model =
        LinearReward.isIn(reward.folder())
            ? null
            : loader.trainable(reward, EngineSettings.plain(1).lora(), 0).model();
    if (model == null || model.config().vocabSize() != policy.vocabSize()) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot start the value model from %s: it must be a transformer with the policy's"
              + " vocabulary of %d tokens. Train such a reward model, or set value-model=policy.",
          reward,
          policy.vocabSize());
    }
    return model;
  }

  /** Opens the version; where it is a language model its base is the loader's. */
  public static RewardModel open(ModelVersion version, ModelLoader loader) throws IOException {
    return LinearReward.isIn(version.folder())
        ? LinearReward.open(version.folder())
        : TransformerReward.open(version, loader);
  }
}
