package io.lakeloop.session;

import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.run.Stopwatch;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Sums the shards' gradients in the shards' order, so that the bits depend neither on which arrives
 * first nor on where it was computed. Small ones come to the driver and are added there. Large ones
 * are cut into slices, each of which one task adds up after a shuffle, so that the driver receives
 * one gradient instead of as many as there are shards. Both add the same numbers in the same order.
 */
final class GradientSum {
  private static final int SLICE_BYTES = 4 << 20;

  private final Fleet fleet;

  GradientSum(Fleet fleet) {
    this.fleet = fleet;
  }

  /** What a shard's pass needs. */
  record Shard(TokenBatch batch, long dropoutKey) implements Serializable {}

  /** What a shard's pass gives. */
  record Part(TrainingSession.LossReport report, float[] gradient) implements Serializable {}

  /** The sum over the shards, and their reports in order. */
  record Sum(float[] gradient, List<TrainingSession.LossReport> reports) {}

  /** A slice of one shard's gradient; its first slice brings the report along. */
  private record Slice(int shard, TrainingSession.LossReport report, double seconds, float[] values)
      implements Serializable {}

  private record SliceSum(int slice, List<Slice> first, float[] values) implements Serializable {}

  /**
   * Sums.
   *
   * @param size values in a gradient
   */
  Sum of(List<Shard> shards, int size, Fleet.Work<Shard, Part> work) {
    JavaRDD<Fleet.Done<Part>> passes = fleet.distribute(shards, work);
    List<Sum> sum = new ArrayList<>();
    double[] computed = new double[1];
    double waited =
        Stopwatch.seconds(
            () ->
                sum.add(
                    fleet.run(
                        "forward-backward", () -> sum(passes, shards.size(), size, computed))));
    fleet.phases().add("forward-backward", computed[0], computed[0]);
    fleet.phases().add("reduce", Math.max(0, waited - computed[0]));
    return sum.get(0);
  }

  private Sum sum(JavaRDD<Fleet.Done<Part>> passes, int shards, int size, double[] computed) {
    return 4L * size * shards > fleet.driverSumBytes()
        ? sliced(passes, computed, size)
        : onDriver(passes, computed);
  }

  private Sum onDriver(JavaRDD<Fleet.Done<Part>> passes, double[] computed) {
    List<Fleet.Done<Part>> done = passes.collect();
    computed[0] = fleet.modelSeconds(done);
    float[] total = done.get(0).result().gradient();
    for (Fleet.Done<Part> part : done.subList(1, done.size())) {
      add(total, part.result().gradient());
    }
    return new Sum(total, done.stream().map(part -> part.result().report()).toList());
  }

  private Sum sliced(JavaRDD<Fleet.Done<Part>> passes, double[] computed, int size) {
    int slices = (int) Math.max(1, Math.min(fleet.shards(), 4L * size / SLICE_BYTES));
    List<SliceSum> sums =
        new ArrayList<>(
            passes
                .flatMapToPair(done -> cut(done, slices).iterator())
                .partitionBy(new HashPartitioner(slices))
                .mapPartitions(
                    cut -> {
                      List<Slice> received = new ArrayList<>();
                      int[] slice = new int[1];
                      cut.forEachRemaining(
                          pair -> {
                            slice[0] = pair._1();
                            received.add(pair._2());
                          });
                      return List.of(sum(slice[0], received)).iterator();
                    })
                .collect());
    sums.sort(Comparator.comparingInt(SliceSum::slice));
    float[] total = new float[size];
    int at = 0;
    for (SliceSum sum : sums) {
      System.arraycopy(sum.values(), 0, total, at, sum.values().length);
      at += sum.values().length;
    }
    List<Slice> first = sums.get(0).first();
    computed[0] =
        first.stream().mapToDouble(Slice::seconds).sum() / Math.min(fleet.slots(), first.size());
    return new Sum(total, first.stream().map(Slice::report).toList());
  }

  private static List<Tuple2<Integer, Slice>> cut(Fleet.Done<Part> done, int slices) {
    float[] whole = done.result().gradient();
    List<Tuple2<Integer, Slice>> cut = new ArrayList<>();
    for (int slice = 0; slice < slices; slice++) {
      int from = (int) ((long) slice * whole.length / slices);
      int to = (int) ((long) (slice + 1) * whole.length / slices);
      cut.add(
          new Tuple2<>(
              slice,
              new Slice(
                  done.shard(),
                  slice == 0 ? done.result().report() : null,
                  done.seconds(),
                  Arrays.copyOfRange(whole, from, to))));
    }
    return cut;
  }

  private static SliceSum sum(int slice, List<Slice> received) {
    received.sort(Comparator.comparingInt(Slice::shard));
    float[] total = received.get(0).values().clone();
    for (Slice part : received.subList(1, received.size())) {
      add(total, part.values());
    }
    List<Slice> first = new ArrayList<>();
    if (slice == 0) {
      received.forEach(
          part -> first.add(new Slice(part.shard(), part.report(), part.seconds(), null)));
    }
    return new SliceSum(slice, first, total);
  }

  /** Adds to {@code total} in place, and returns it. */
  static float[] add(float[] total, float[] more) {
    for (int i = 0; i < total.length; i++) {
      total[i] += more[i];
    }
    return total;
  }
}
