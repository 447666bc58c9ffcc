package io.lakeloop.reward;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.AdapterFolder;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.ModelLoader;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Arrays;

/** Opens published reward models, of whichever kind. */
public final class RewardModels {
  private RewardModels() {}

  /**
   * How an ensemble's members make one score (Coste et al. 2023, <a
   * href="https://arxiv.org/abs/2310.02743">2310.02743</a>).
   *
   * @param lambda weight of the deviation
   */
  public record Aggregate(Kind aggregate, double lambda) implements Serializable {

    /** Which function of the members' scores. */
    public enum Kind {
      /** Their mean. */
      MEAN,
      /** {@code mean - lambda * standard deviation}. */
      UNCERTAINTY,
      /** The lowest of them. */
      WORST
    }

    public Aggregate {
      Problems.in("reward")
          .require(lambda >= 0, "reward.lambda must not be negative, got %s", lambda)
          .throwIfAny();
    }

    /** The plain mean. */
    public static Aggregate mean() {
      return new Aggregate(Kind.MEAN, 0);
    }

    double of(double[] scores) {
      double mean = Arrays.stream(scores).average().orElseThrow();
      double variance =
          Arrays.stream(scores).map(s -> (s - mean) * (s - mean)).average().orElseThrow();
      return switch (aggregate) {
        case MEAN -> mean;
        case UNCERTAINTY -> mean - lambda * Math.sqrt(variance);
        case WORST -> Arrays.stream(scores).min().orElseThrow();
      };
    }
  }

  /**
   * A value model that starts out as the reward model, an ensemble's first member, in memory of its
   * own but for a shared base (D17).
   *
   * @throws UserError CONFIG_INVALID if the reward model cannot read what the policy writes
   */
  public static CausalLm valueModel(ModelVersion reward, ModelLoader loader, LmConfig policy)
      throws IOException {
    CausalLm model = null;
    if (EnsembleReward.isIn(reward.folder())) {
      Path first = EnsembleReward.members(reward.folder()).get(0);
      model = loader.open(new AdapterFolder(first)).model();
    } else if (!LinearReward.isIn(reward.folder())) {
      model = loader.trainable(reward, EngineSettings.plain(1).lora(), 0).model();
    }
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
    return open(version, loader, Aggregate.mean());
  }

  /**
   * Opens the version.
   *
   * @param aggregate how an ensemble's members make one score
   */
  public static RewardModel open(ModelVersion version, ModelLoader loader, Aggregate aggregate)
      throws IOException {
    if (LinearReward.isIn(version.folder())) {
      return LinearReward.open(version.folder());
    }
    return EnsembleReward.isIn(version.folder())
        ? EnsembleReward.open(version.folder(), loader, aggregate)
        : TransformerReward.open(version, loader);
  }
}
