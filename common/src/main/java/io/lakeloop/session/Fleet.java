package io.lakeloop.session;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.registry.Registry;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.JobPhase;
import io.lakeloop.run.Stopwatch;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/**
 * Executors as holders of models. Work is cut into a fixed number of logical shards, whatever the
 * number of executors, and each shard's result depends on nothing but the shard and what was
 * published: so results are the same bits on one executor or eight, and a lost executor costs time
 * alone, since Spark runs its shards again elsewhere.
 */
public final class Fleet implements AutoCloseable {
  private static final AtomicLong FLEETS = new AtomicLong();
  private static final String EXECUTOR_GPUS = "spark.executor.resource.gpu.amount";

  /**
   * How work is cut.
   *
   * @param shards logical parts of every batch; results depend on their number
   * @param tasks Spark tasks that they are dealt to, 0 for as many as can run at once; results do
   *     not depend on it
   * @param gpusPerTask GPUs that a task asks Spark for; 0 leaves it to spark.task.resource
   * @param driverSumMegabytes gradients of all shards up to which the driver adds them up itself;
   *     results do not depend on it
   */
  public record Settings(int shards, int tasks, int gpusPerTask, int driverSumMegabytes) {
    /** So many shards on the CPU. */
    public static Settings of(int shards) {
      return new Settings(shards, 0, 0, 32);
    }

    public Settings {
      Problems.in("fleet")
          .require(
              shards >= 1 && shards <= 65_536, "fleet.shards must lie in 1..65536, got %d", shards)
          .require(tasks >= 0 && tasks <= 65_536, "fleet.tasks must lie in 0..65536, got %d", tasks)
          .require(
              gpusPerTask == 0 || gpusPerTask == 1,
              "fleet.gpus-per-task must be 0 or 1, got %d: a task trains one replica",
              gpusPerTask)
          .require(
              driverSumMegabytes >= 0 && driverSumMegabytes <= 1024,
              "fleet.driver-sum-megabytes must lie in 0..1024, got %d",
              driverSumMegabytes)
          .throwIfAny();
    }
  }

  /** How an executor opens models. */
  @FunctionalInterface
  public interface Models extends Serializable {
    ModelLoader open(Compute compute);
  }

  /** What a task does with one shard. */
  @FunctionalInterface
  public interface Work<T, R> extends Serializable {
    R on(Slot slot, T shard) throws Exception;
  }

  /** A shard in its place, and the seconds that its work took. */
  record Done<R>(int shard, R result, double seconds) implements Serializable {}

  private record Placed<T>(int shard, T item) implements Serializable {}

  private final JavaSparkContext spark;
  private final Settings settings;
  private final Models models;
  private final String id;
  private final ResourceProfile profile;
  private final Phases phases = new Phases();

  /**
   * Opens a fleet over the context's executors.
   *
   * @param models how executors open models
   * @param driver the driver's own models, whose bases tasks share where they run in its JVM
   * @throws UserError CONFIG_INVALID if tasks ask for more GPUs than an executor has
   */
  public Fleet(JavaSparkContext spark, Settings settings, Models models, ModelLoader driver) {
    this.spark = spark;
    this.settings = settings;
    this.models = models;
    this.id = spark.sc().applicationId() + "-" + FLEETS.incrementAndGet();
    this.profile = profile(spark, settings);
    if (spark.isLocal()) {
      Slots.share(id, driver);
    }
  }

  /**
   * The fleet of a run: executors open models from the run's registry, and verify them.
   *
   * @param driver the driver's own models
   */
  public static Fleet forRun(JobContext context, Settings settings, ModelLoader driver) {
    Registry registry = context.registry();
    Precision precision = driver.precision();
    return new Fleet(
        JavaSparkContext.fromSparkContext(context.spark().sparkContext()),
        settings,
        compute -> new ModelLoader(registry::resolve, compute, precision),
        driver);
  }

  /** Spark waits for ever for a resource that no executor has: refused before it can. */
  private static ResourceProfile profile(JavaSparkContext spark, Settings settings) {
    if (settings.gpusPerTask() == 0) {
      return null;
    }
    int there = spark.isLocal() ? 0 : spark.getConf().getInt(EXECUTOR_GPUS, 0);
    if (there < settings.gpusPerTask()) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot train on GPUs: fleet.gpus-per-task is %d, but executors have %d (master %s, %s)."
              + " Set %s in the environment's spark-defaults.conf, or fleet.gpus-per-task=0.",
          settings.gpusPerTask(),
          there,
          spark.master(),
          spark.isLocal() ? "which runs tasks in the driver" : EXECUTOR_GPUS,
          EXECUTOR_GPUS);
    }
    return new ResourceProfileBuilder()
        .require(new TaskResourceRequests().cpus(1).resource("gpu", settings.gpusPerTask()))
        .build();
  }

  /** Bytes up to which the driver adds gradients up itself. */
  long driverSumBytes() {
    return (long) settings.driverSumMegabytes() << 20;
  }

  /** Logical parts of every batch. */
  public int shards() {
    return settings.shards();
  }

  /** Where the time goes. */
  public Phases phases() {
    return phases;
  }

  /** Tasks that can run at once. */
  public int slots() {
    int all = Math.max(1, spark.defaultParallelism());
    return Math.min(all, settings.tasks() == 0 ? settings.shards() : settings.tasks());
  }

  private int tasks(int shards) {
    return Math.min(shards, settings.tasks() == 0 ? slots() : settings.tasks());
  }

  /** Brings a value to every executor that asks for it. */
  <T> Broadcast<T> publish(T value) {
    return spark.broadcast(value);
  }

  /**
   * Works on items, shard by shard, and returns one result per item in their order.
   *
   * @param phase what is done, for those who watch
   */
  public <T, R> List<R> map(String phase, List<T> items, Work<List<T>, List<R>> work) {
    List<List<T>> shards = new ArrayList<>();
    for (int[] range : ranges(items.size())) {
      shards.add(new ArrayList<>(items.subList(range[0], range[1])));
    }
    List<R> results = new ArrayList<>();
    shardwise(phase, shards, work).forEach(results::addAll);
    return results;
  }

  /** Works on each shard and returns their results in order. */
  <T, R> List<R> shardwise(String phase, List<T> shards, Work<T, R> work) {
    List<Done<R>> done = new ArrayList<>();
    double waited =
        Stopwatch.seconds(() -> done.addAll(run(phase, distribute(shards, work)::collect)));
    phases.add(phase, waited, modelSeconds(done));
    return done.stream().map(Done::result).toList();
  }

  /** What models computed, were it spread evenly over the slots. */
  double modelSeconds(List<? extends Done<?>> done) {
    return done.stream().mapToDouble(Done::seconds).sum() / Math.min(slots(), done.size());
  }

  /** Borders of the shards of n units; empty ones are left out. */
  List<int[]> ranges(int n) {
    List<int[]> ranges = new ArrayList<>();
    for (int shard = 0; shard < settings.shards(); shard++) {
      int from = (int) ((long) shard * n / settings.shards());
      int to = (int) ((long) (shard + 1) * n / settings.shards());
      if (to > from) {
        ranges.add(new int[] {from, to});
      }
    }
    return ranges;
  }

  /** The shards' results as an RDD, in the shards' order. */
  <T, R> JavaRDD<Done<R>> distribute(List<T> shards, Work<T, R> work) {
    int tasks = tasks(shards.size());
    List<ArrayList<Placed<T>>> dealt = new ArrayList<>();
    for (int task = 0; task < tasks; task++) {
      ArrayList<Placed<T>> hand = new ArrayList<>();
      for (int i = task * shards.size() / tasks; i < (task + 1) * shards.size() / tasks; i++) {
        hand.add(new Placed<>(i, shards.get(i)));
      }
      dealt.add(hand);
    }
    JavaRDD<ArrayList<Placed<T>>> rdd = spark.parallelize(dealt, tasks);
    JavaRDD<ArrayList<Placed<T>>> placed =
        profile == null ? rdd : rdd.map(hand -> hand).withResources(profile);
    String fleet = id;
    Models opener = models;
    return placed.flatMap(hand -> work(fleet, opener, hand, work).iterator());
  }

  private static <T, R> List<Done<R>> work(
      String fleet, Models models, List<Placed<T>> hand, Work<T, R> work) throws Exception {
    Compute compute = TaskDevice.ofTask(TaskContext.get());
    compute.limitThreads();
    Slot slot = Slots.take(fleet, models, compute);
    try {
      List<Done<R>> done = new ArrayList<>();
      for (Placed<T> placed : hand) {
        List<R> result = new ArrayList<>(1);
        double seconds = Stopwatch.seconds(() -> result.add(unchecked(slot, placed, work)));
        done.add(new Done<>(placed.shard(), result.get(0), seconds));
      }
      Slots.giveBack(fleet, compute, slot);
      return done;
    } catch (Exception | LinkageError e) {
      // Half of a pass may lie in its replicas.
      Slots.discard(fleet, compute, slot);
      throw e;
    }
  }

  private static <T, R> R unchecked(Slot slot, Placed<T> placed, Work<T, R> work) {
    try {
      return work.on(slot, placed.item());
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** A Spark job's call. */
  @FunctionalInterface
  interface Job<R> {
    R run();
  }

  <R> R run(String phase, Job<R> job) {
    List<R> result = new ArrayList<>(1);
    JobPhase.run(spark.sc(), phase, () -> result.add(job.run()));
    return result.get(0);
  }

  @Override
  public void close() {
    Slots.end(id);
  }
}
