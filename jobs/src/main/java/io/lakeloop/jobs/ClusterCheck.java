package io.lakeloop.jobs;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.DeployMessages.MasterStateResponse;
import org.apache.spark.deploy.master.WorkerInfo;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.sql.SparkSession;
import scala.Option;
import scala.reflect.ClassTag;

/**
 * Starts Spark and refuses what would wait for ever: Spark itself asks on and on for executors that
 * no machine of the cluster can hold. YARN refuses by itself; Kubernetes tells at the pod.
 */
final class ClusterCheck {
  private static final String STANDALONE = "spark://";
  private static final int MASTER_PATIENCE_MILLIS = 10_000;
  private static final String EXECUTOR_GPUS = "spark.executor.resource.gpu.amount";
  private static final String TASK_GPUS = "spark.task.resource.gpu.amount";

  private ClusterCheck() {}

  /**
   * The session, on a cluster that can hold its executors.
   *
   * @throws UserError CONFIG_INVALID if it cannot, UNAVAILABLE if the cluster does not answer
   */
  static SparkSession session() {
    SparkConf conf = new SparkConf();
    try {
      checkLocal(conf);
      String master = conf.get("spark.master", "local");
      if (master.startsWith(STANDALONE)) {
        checkWorkers(conf, workers(conf, mastersThatAnswer(master)));
      }
      return started();
    } catch (IllegalArgumentException e) {
      // A setting that is no number or size.
      throw notStarted(ErrorCode.CONFIG_INVALID, e);
    }
  }

  /** Spark refuses some settings itself, YARN a container larger than any that it gives. */
  private static SparkSession started() {
    try {
      // Tables hold what people wrote: files are their owner's alone, unless it is set otherwise.
      SparkConf conf =
          new SparkConf().setIfMissing("spark.hadoop.fs.permissions.umask-mode", "077");
      return SparkSession.builder().config(conf).appName("lakeloop").getOrCreate();
    } catch (IllegalArgumentException e) {
      throw e;
    } catch (Exception e) {
      Throwable root = RootCause.of(e);
      if (root instanceof IOException) {
        throw notStarted(ErrorCode.UNAVAILABLE, root);
      }
      throw e;
    }
  }

  private static UserError notStarted(ErrorCode code, Throwable why) {
    return new UserError(
        code,
        "Cannot start Spark on %s: %s. Check the cluster and its settings, or give another"
            + " --master.",
        new SparkConf().get("spark.master", "local"),
        line(why));
  }

  private static String line(Throwable why) {
    return String.valueOf(why.getMessage()).lines().findFirst().orElse("").replaceAll("\\.$", "");
  }

  private static void checkLocal(SparkConf conf) {
    String master = conf.get("spark.master", "local");
    double gpus = conf.getDouble(TASK_GPUS, 0);
    if (master.startsWith("local") && !master.startsWith("local-cluster") && gpus > 0) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot run on %s: %s is %s, but there Spark knows of no GPU and would wait for one for"
              + " ever. Leave it out, or name a cluster with --master.",
          master,
          TASK_GPUS,
          gpus);
    }
    double own = conf.getDouble(EXECUTOR_GPUS, 0);
    if (gpus > own && !master.startsWith("local")) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot run on %s: %s is %s, but %s is %s, so that no executor could run a task. Lower the"
              + " first or raise the second.",
          master,
          TASK_GPUS,
          gpus,
          EXECUTOR_GPUS,
          own);
    }
  }

  /**
   * Spark would ask a master that nobody runs for a minute. Several may stand by for each other.
   */
  private static List<RpcAddress> mastersThatAnswer(String url) {
    List<RpcAddress> answering = new ArrayList<>();
    List<String> silent = new ArrayList<>();
    for (String address : url.substring(STANDALONE.length()).split(",")) {
      String[] parts = address.split(":");
      if (parts.length != 2 || !parts[1].matches("[0-9]{1,5}")) {
        throw new UserError(
            ErrorCode.CONFIG_INVALID,
            "Cannot run on %s: '%s' is not host:port. Give --master spark://host:7077.",
            url,
            address);
      }
      int port = Integer.parseInt(parts[1]);
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(parts[0], port), MASTER_PATIENCE_MILLIS);
        answering.add(new RpcAddress(parts[0], port));
      } catch (IOException | IllegalArgumentException e) {
        silent.add(address + ": " + e.getMessage());
      }
    }
    if (answering.isEmpty()) {
      throw new UserError(
          ErrorCode.UNAVAILABLE,
          "Cannot run on %s: no master answers there (%s). Start one, as with submit-scripts/"
              + "local-cluster start, or give another --master.",
          url,
          String.join("; ", silent));
    }
    return answering;
  }

  private static void checkWorkers(SparkConf conf, List<WorkerInfo> workers) {
    int cores = conf.getInt("spark.executor.cores", 1);
    long megabytes = conf.getSizeAsMb("spark.executor.memory", "1g");
    int gpus = conf.getInt(EXECUTOR_GPUS, 0);
    boolean fits =
        workers.stream()
            .anyMatch(
                worker ->
                    worker.cores() >= cores
                        && worker.memory() >= megabytes
                        && gpus(worker) >= gpus);
    if (!fits) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot run on %s: an executor asks for %d cores, %d MiB and %d GPUs, and no worker has as"
              + " many (%s). Lower spark.executor.cores, spark.executor.memory or %s, or start such a"
              + " worker.",
          conf.get("spark.master"),
          cores,
          megabytes,
          gpus,
          workers.isEmpty()
              ? "there is none"
              : "they have "
                  + String.join("; ", workers.stream().map(ClusterCheck::has).distinct().toList()),
          EXECUTOR_GPUS);
    }
  }

  private static int gpus(WorkerInfo worker) {
    return worker.resources().contains("gpu")
        ? worker.resources().apply("gpu").addresses().size()
        : 0;
  }

  private static String has(WorkerInfo worker) {
    return String.format(
        Locale.ROOT, "%d cores, %d MiB, %d GPUs", worker.cores(), worker.memory(), gpus(worker));
  }

  /** Workers that the master at work has registered; one that stands by has none. */
  private static List<WorkerInfo> workers(SparkConf conf, List<RpcAddress> masters) {
    SecurityManager security =
        new SecurityManager(
            conf,
            Option.empty(),
            org.apache.spark.internal.config.package$.MODULE$.AUTH_SECRET_FILE());
    RpcEnv client = RpcEnv.create("check", "localhost", 0, conf, security, true);
    List<UserError> failures = new ArrayList<>();
    try {
      for (RpcAddress master : masters) {
        try {
          List<WorkerInfo> alive =
              Arrays.stream(state(client, master).workers()).filter(WorkerInfo::isAlive).toList();
          if (!alive.isEmpty()) {
            return alive;
          }
        } catch (UserError e) {
          failures.add(e);
        }
      }
      // Where one stands by, it has no workers; those of the other are what is asked for.
      if (!failures.isEmpty()) {
        throw failures.get(0);
      }
      return List.of();
    } finally {
      client.shutdown();
    }
  }

  private static MasterStateResponse state(RpcEnv client, RpcAddress master) {
    try {
      return client
          .setupEndpointRef(master, "Master")
          .askSync(
              org.apache.spark.deploy.DeployMessages.RequestMasterState$.MODULE$,
              ClassTag.apply(MasterStateResponse.class));
    } catch (Exception e) {
      String why = line(ExceptionUtils.getRootCause(e));
      // Spark asks until the time is up, or finds the connection closed before it could ask.
      if (ExceptionUtils.indexOfType(e, TimeoutException.class) >= 0
          || ExceptionUtils.indexOfType(e, ConnectException.class) >= 0) {
        throw new UserError(
            ErrorCode.UNAVAILABLE,
            "Cannot run on spark://%s: its master does not answer (%s). See that it runs, and runs"
                + " this version of Spark, or give another --master.",
            master.hostPort(),
            why);
      }
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot run on spark://%s: its master breaks off (%s), as it does with a driver that does"
              + " not know the cluster's secret. Name the file that holds the secret with the"
              + " variable LAKELOOP_CLUSTER_SECRET, and see that the master has"
              + " spark.authenticate=true and spark.network.crypto.enabled=true.",
          master.hostPort(),
          why);
    }
  }
}
