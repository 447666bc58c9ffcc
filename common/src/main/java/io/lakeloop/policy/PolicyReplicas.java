package io.lakeloop.policy;

import io.lakeloop.lm.CausalLm;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.reward.RewardModels;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.ModelLoader;
import java.io.IOException;
import java.io.Serializable;

/**
 * How policy, value model and reference are opened, with the same weights on the driver and on
 * every executor.
 *
 * @param reward where the value model starts, if it starts there
 * @param temperature divides the logits in sampling, reference and update alike (D3)
 * @param seed of a new adapter
 */
public record PolicyReplicas(
    ModelRef base,
    ModelRef reward,
    ValueModel valueModel,
    EngineSettings engine,
    double temperature,
    long seed)
    implements Serializable {

  /** Where the value model starts (D17). */
  public enum ValueModel {
    /** A head of 0 on the policy's own layers. */
    POLICY,
    /** A model of its own that starts out as the reward model. */
    REWARD
  }

  /** The policy's weights, to be trained and written. */
  public ModelLoader.Loaded trained(ModelLoader models) throws IOException {
    return models.trainable(models.resolve(base), engine.lora(), seed);
  }

  /** A session of the policy. */
  public LocalSession policy(ModelLoader models) throws IOException {
    return policy(trained(models), models);
  }

  /** A session of these weights. */
  public LocalSession policy(ModelLoader.Loaded trained, ModelLoader models) throws IOException {
    CausalLm model = trained.model();
    if (valueModel == ValueModel.POLICY || reward == null) {
      model.clearScalarHead();
      return new LocalSession(model, engine, temperature);
    }
    ModelVersion start = models.resolve(reward);
    return new LocalSession(
        model, RewardModels.valueModel(start, models, model.config()), engine, temperature);
  }

  /** A session of the frozen reference: the base as the policy found it. */
  public LocalSession reference(ModelLoader models) throws IOException {
    return new LocalSession(models.open(models.resolve(base)).model(), engine, temperature);
  }
}
