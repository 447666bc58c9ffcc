package io.lakeloop.session;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.algorithm.Loss;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.Generator;
import io.lakeloop.run.Stopwatch;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.broadcast.Broadcast;

/**
 * A training session on Spark: each executor keeps a replica between calls, and the driver keeps
 * the weights that are trained, with their optimizer. Only those weights travel, as a broadcast,
 * and only their gradients come back, summed shard after shard in a fixed order.
 *
 * <p>Nothing is lost with an executor: another opens the models again and takes up the weights that
 * were published last.
 */
public final class SparkTrainingSession implements TrainingSession {
  private final Fleet fleet;
  private final String name;
  private final Opener opener;
  private final LocalSession master;
  private final GradientSum gradientSum;
  private Broadcast<byte[]> weights;
  private long version;
  private float[] gradient;
  private long passes;

  /** Opens a replica, on the driver and on executors alike: equal weights everywhere. */
  @FunctionalInterface
  public interface Opener extends Serializable {
    LocalSession open(ModelLoader models) throws IOException;
  }

  /**
   * Opens a session.
   *
   * @param name of the replicas in their slots
   * @param master the driver's replica, opened as {@code opener} opens them, whose optimizer is
   *     used; null for a model that is only read
   */
  public SparkTrainingSession(Fleet fleet, String name, Opener opener, LocalSession master) {
    this.fleet = fleet;
    this.name = name;
    this.opener = opener;
    this.master = master;
    this.gradientSum = new GradientSum(fleet);
  }

  /** An executor's copy of the models, and which weights it has. */
  private static final class Replica implements AutoCloseable {
    private final LocalSession session;
    private long version;

    private Replica(LocalSession session) {
      this.session = session;
    }

    @Override
    public void close() {
      session.close();
    }
  }

  /** What a task needs to bring its replica up to date. */
  private record Published(String name, Opener opener, Broadcast<byte[]> weights, long version)
      implements Serializable {

    LocalSession on(Slot slot) throws IOException {
      Replica replica = slot.keep(name, models -> new Replica(opener.open(models)));
      if (replica.version != version) {
        replica.session.load(Floats.of(weights.value()));
        replica.version = version;
      }
      return replica.session;
    }
  }

  /** The weights as they are now, published where they have changed. */
  private Published published() {
    if (version > 0 && weights == null) {
      double seconds =
          Stopwatch.seconds(() -> weights = fleet.publish(Floats.bytes(master.trained())));
      fleet.phases().add("publish", seconds);
    }
    return new Published(name, opener, weights, version);
  }

  private void changed() {
    if (weights != null) {
      weights.destroy();
      weights = null;
    }
    version++;
  }

  @Override
  public LossReport forwardBackward(TokenBatch batch, Loss loss) {
    int unit = loss.rowsPerUnit();
    List<TokenBatch> shards = new ArrayList<>();
    for (int[] range : fleet.ranges(batch.size() / unit)) {
      shards.add(Microbatches.slice(batch, range[0] * unit, range[1] * unit));
    }
    Published current = published();
    long key = CounterRandom.bits(master.steps(), passes++);
    List<GradientSum.Shard> keyed = new ArrayList<>();
    for (int i = 0; i < shards.size(); i++) {
      keyed.add(new GradientSum.Shard(shards.get(i), CounterRandom.bits(key, i)));
    }
    GradientSum.Sum sum =
        gradientSum.of(
            keyed,
            master.trainedCount(),
            (slot, shard) -> {
              LocalSession replica = current.on(slot);
              LossReport report = replica.forwardBackward(shard.batch(), loss, shard.dropoutKey());
              return new GradientSum.Part(report, replica.takeGradient());
            });
    gradient = gradient == null ? sum.gradient() : ShardTree.add(gradient, sum.gradient());
    double total = 0;
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (LossReport report : sum.reports()) {
      total += report.loss();
      Loss.merge(metrics, report.metrics());
    }
    return new LossReport(total, metrics);
  }

  @Override
  public double optimStep(AdamW.Settings settings) {
    float[] applied = gradient;
    gradient = null;
    passes = 0;
    double[] norm = new double[1];
    fleet
        .phases()
        .add("optimizer", Stopwatch.seconds(() -> norm[0] = master.optimStep(applied, settings)));
    changed();
    return norm[0];
  }

  @Override
  public List<Generator.Completion> sample(
      List<Generator.Request> requests, Generator.Settings settings) {
    Published current = published();
    return fleet.map(
        "generation", requests, (slot, part) -> current.on(slot).sample(part, settings));
  }

  @Override
  public Evaluation evaluate(TokenBatch batch) {
    Published current = published();
    List<TokenBatch> shards = new ArrayList<>();
    for (int[] range : fleet.ranges(batch.size())) {
      shards.add(Microbatches.slice(batch, range[0], range[1]));
    }
    List<Evaluation> parts =
        fleet.shardwise(name, shards, (slot, shard) -> current.on(slot).evaluate(shard));
    List<float[]> logProbs = new ArrayList<>();
    List<float[]> values = new ArrayList<>();
    List<float[]> entropy = new ArrayList<>();
    for (Evaluation part : parts) {
      logProbs.addAll(List.of(part.logProbs()));
      values.addAll(List.of(part.values()));
      entropy.addAll(List.of(part.entropy()));
    }
    return new Evaluation(
        logProbs.toArray(float[][]::new),
        values.toArray(float[][]::new),
        entropy.toArray(float[][]::new));
  }

  /** Bytes of the weights that are trained: what a publication and a gradient take. */
  public long payloadBytes() {
    return 4L * master.trainedCount();
  }

  @Override
  public void saveState(Path folder) {
    master.saveState(folder);
  }

  @Override
  public void loadState(Path folder) {
    master.loadState(folder);
    gradient = null;
    passes = 0;
    changed();
  }

  /** Lets go of what was published; replicas go with their fleet, the master with its owner. */
  @Override
  public void close() {
    if (weights != null) {
      weights.destroy();
      weights = null;
    }
  }
}
