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
 * Sums the shards' gradients as {@link ShardTree} orders them, so that the bits depend neither on
 * which arrives first nor on where it was computed. A task adds what it can of its own shards.
 * Small sums come to the driver and are added there. Large ones are cut into slices, each of which
 * one task adds up after a shuffle, so that the driver receives one gradient instead of many.
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

  /** A block of shards on its way. */
  private record Sent(int first, int size, byte[] sum) implements Serializable {
    static Sent of(ShardTree.Block block) {
      return new Sent(block.first(), block.size(), Floats.bytes(block.sum()));
    }

    ShardTree.Block block() {
      return new ShardTree.Block(first, size, Floats.of(sum));
    }
  }

  /** What a task's shards have given. */
  private record Hand(List<Fleet.Done<TrainingSession.LossReport>> reports, List<Sent> sums)
      implements Serializable {}

  private record SliceSum(int slice, Hand hand) implements Serializable {}

  /**
   * Sums.
   *
   * @param size values in a gradient
   */
  Sum of(List<Shard> shards, int size, Fleet.Work<Shard, Part> work) {
    JavaRDD<Hand> hands =
        fleet.distribute(shards, work).mapPartitions(done -> List.of(added(done)).iterator());
    List<Sum> sum = new ArrayList<>();
    double[] computed = new double[1];
    double waited =
        Stopwatch.seconds(
            () ->
                sum.add(
                    fleet.run(
                        "forward-backward", () -> sum(hands, shards.size(), size, computed))));
    fleet.phases().add("forward-backward", computed[0], computed[0]);
    fleet.phases().add("reduce", Math.max(0, waited - computed[0]));
    return sum.get(0);
  }

  private static Hand added(java.util.Iterator<Fleet.Done<Part>> done) {
    ShardTree tree = new ShardTree();
    List<Fleet.Done<TrainingSession.LossReport>> reports = new ArrayList<>();
    done.forEachRemaining(
        shard -> {
          tree.take(new ShardTree.Block(shard.shard(), 1, shard.result().gradient()));
          reports.add(new Fleet.Done<>(shard.shard(), shard.result().report(), shard.seconds()));
        });
    return new Hand(reports, tree.blocks().stream().map(Sent::of).toList());
  }

  private Sum sum(JavaRDD<Hand> hands, int shards, int size, double[] computed) {
    List<Hand> received =
        4L * size * shards > fleet.driverSumBytes()
            ? sliced(hands, size)
            : List.of(joined(hands.collect()));
    List<Fleet.Done<TrainingSession.LossReport>> reports =
        new ArrayList<>(received.get(0).reports());
    reports.sort(Comparator.comparingInt(Fleet.Done::shard));
    computed[0] = fleet.modelSeconds(reports);
    float[] total = new float[size];
    int at = 0;
    for (Hand slice : received) {
      float[] sum = Floats.of(slice.sums().get(0).sum());
      System.arraycopy(sum, 0, total, at, sum.length);
      at += sum.length;
    }
    return new Sum(total, reports.stream().map(Fleet.Done::result).toList());
  }

  /** The slices' sums in their order, added up on the executors; the first brings the reports. */
  private List<Hand> sliced(JavaRDD<Hand> hands, int size) {
    int slices = (int) Math.max(1, Math.min(fleet.shards(), 4L * size / SLICE_BYTES));
    List<SliceSum> sums =
        new ArrayList<>(
            hands
                .flatMapToPair(hand -> cut(hand, slices).iterator())
                .partitionBy(new HashPartitioner(slices))
                .mapPartitions(
                    cut -> {
                      List<Hand> received = new ArrayList<>();
                      int[] slice = new int[1];
                      cut.forEachRemaining(
                          pair -> {
                            slice[0] = pair._1();
                            received.add(pair._2());
                          });
                      return List.of(new SliceSum(slice[0], joined(received))).iterator();
                    })
                .collect());
    sums.sort(Comparator.comparingInt(SliceSum::slice));
    return sums.stream().map(SliceSum::hand).toList();
  }

  private static List<Tuple2<Integer, Hand>> cut(Hand hand, int slices) {
    List<Tuple2<Integer, Hand>> cut = new ArrayList<>();
    for (int slice = 0; slice < slices; slice++) {
      List<Sent> sums = new ArrayList<>();
      for (Sent sent : hand.sums()) {
        int values = sent.sum().length / Float.BYTES;
        int from = (int) ((long) slice * values / slices) * Float.BYTES;
        int to = (int) ((long) (slice + 1) * values / slices) * Float.BYTES;
        sums.add(new Sent(sent.first(), sent.size(), Arrays.copyOfRange(sent.sum(), from, to)));
      }
      cut.add(new Tuple2<>(slice, new Hand(slice == 0 ? hand.reports() : List.of(), sums)));
    }
    return cut;
  }

  private static Hand joined(List<Hand> hands) {
    List<Fleet.Done<TrainingSession.LossReport>> reports = new ArrayList<>();
    List<Sent> sent = new ArrayList<>();
    for (Hand hand : hands) {
      reports.addAll(hand.reports());
      sent.addAll(hand.sums());
    }
    sent.sort(Comparator.comparingInt(Sent::first));
    ShardTree tree = new ShardTree();
    sent.forEach(each -> tree.take(each.block()));
    return new Hand(reports, List.of(new Sent(0, sent.size(), Floats.bytes(tree.total()))));
  }
}
