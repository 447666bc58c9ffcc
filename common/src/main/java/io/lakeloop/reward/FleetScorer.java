package io.lakeloop.reward;

import io.lakeloop.registry.ModelRef;
import io.lakeloop.session.Fleet;
import java.util.Arrays;
import java.util.List;

/** A published reward model that scores on a fleet's executors. */
public final class FleetScorer implements Scorer {
  private final Fleet fleet;
  private final ModelRef model;
  private final RewardModels.Aggregate aggregate;

  /**
   * @param aggregate how an ensemble's members make one score
   */
  public FleetScorer(Fleet fleet, ModelRef model, RewardModels.Aggregate aggregate) {
    this.fleet = fleet;
    this.model = model;
    this.aggregate = aggregate;
  }

  /** Another model on the same executors. */
  public FleetScorer of(ModelRef other) {
    return new FleetScorer(fleet, other, aggregate);
  }

  @Override
  public double[] score(List<Exchange> exchanges) {
    ModelRef version = model;
    RewardModels.Aggregate how = aggregate;
    return fleet
        .map(
            "scoring",
            exchanges,
            (slot, part) ->
                Arrays.stream(
                        slot.keep(
                                "reward " + version,
                                models -> RewardModels.open(models.resolve(version), models, how))
                            .score(part))
                    .boxed()
                    .toList())
        .stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }
}
