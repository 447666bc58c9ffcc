package io.lakeloop.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.ArtifactStore;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The right to be a run's only driver. Its holder gives a sign of life every few seconds by
 * changing the lease; a driver that finds the lease held watches it for a while and takes it over
 * only if there was none. So no two machines' clocks are compared, and of two drivers that reach
 * for it one gets it.
 */
final class Lease implements AutoCloseable {
  /** Four beats missed are a death. */
  static final Pace PACE = new Pace(Duration.ofSeconds(5), Duration.ofSeconds(20));

  private static final int LOOKS = 10;
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * How often a holder shows that it lives, and for how long its silence is watched.
   *
   * @param patience several beats
   */
  record Pace(Duration beat, Duration patience) {}

  /**
   * What the lease says.
   *
   * @param began start of the holder's process, milliseconds since 1970 on its machine, so that
   *     another process of the same number is told apart
   * @param nonce drawn anew by each attempt
   * @param beat signs of life so far
   */
  private record Content(
      String host, long process, long began, String nonce, long beat, boolean released) {

    String driver() {
      return host + ":" + process;
    }

    /** True if it was held on this machine by a process that is no more. */
    boolean isDead(Content mine) {
      return host.equals(mine.host)
          && ProcessHandle.of(process).filter(p -> startOf(p) == began).isEmpty();
    }
  }

  private final ArtifactStore store;
  private final String runId;
  private final Consumer<Thread> onLost;
  private final Thread worker = Thread.currentThread();
  private final ScheduledExecutorService beats =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "lease");
            thread.setDaemon(true);
            return thread;
          });
  private Content mine;
  private boolean lost;

  private Lease(
      ArtifactStore store, String runId, Content mine, Consumer<Thread> onLost, Pace pace) {
    this.store = store;
    this.runId = runId;
    this.mine = mine;
    this.onLost = onLost;
    long millis = pace.beat().toMillis();
    beats.scheduleAtFixedRate(this::beat, millis, millis, TimeUnit.MILLISECONDS);
  }

  /**
   * Takes the run's lease.
   *
   * @param onLost called with the thread that took the lease when another driver has taken it over
   * @throws UserError RUN_IN_PROGRESS if another driver holds it and is alive
   */
  static Lease take(
      ArtifactStore store, String runId, Console console, Consumer<Thread> onLost, Pace pace)
      throws IOException, InterruptedException {
    ProcessHandle process = ProcessHandle.current();
    Content mine =
        new Content(
            InetAddress.getLocalHost().getHostName(),
            process.pid(),
            startOf(process),
            UUID.randomUUID().toString(),
            0,
            false);
    while (true) {
      Optional<String> found = store.record(name(runId));
      Content holder = found.isEmpty() ? null : JSON.readValue(found.get(), Content.class);
      if (holder != null && !holder.released() && !holder.isDead(mine)) {
        console.say(
            "  %s is held by the driver %s: watching up to %d s whether it is alive",
            runId, holder.driver(), pace.patience().toSeconds());
        Content now = watched(store, runId, found.get(), pace);
        if (!now.equals(holder)) {
          if (now.released()) {
            continue;
          }
          throw held(runId, now);
        }
        console.say("  it is not: this driver goes on with the run");
      }
      if (store.replaceRecord(name(runId), found, JSON.writeValueAsString(mine))) {
        return new Lease(store, runId, mine, onLost, pace);
      }
    }
  }

  private static long startOf(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static String name(String runId) {
    return "leases/" + runId + ".json";
  }

  /** What the lease says after as long as a holder that lives would take to change it. */
  private static Content watched(ArtifactStore store, String runId, String content, Pace pace)
      throws IOException, InterruptedException {
    String now = content;
    long look = Math.max(1, Math.min(pace.beat().toMillis(), pace.patience().toMillis()) / LOOKS);
    for (long waited = 0;
        waited < pace.patience().toMillis() && now.equals(content);
        waited += look) {
      Thread.sleep(look);
      now = store.record(name(runId)).orElse(content);
    }
    return JSON.readValue(now, Content.class);
  }

  private static UserError held(String runId, Content holder) {
    return new UserError(
        ErrorCode.RUN_IN_PROGRESS,
        "Cannot run %s: the driver %s (process %d on %s) is at work on it. Wait until it has ended,"
            + " or stop it; then run this again.",
        runId,
        holder.driver(),
        holder.process(),
        holder.host());
  }

  private synchronized void beat() {
    Content next =
        new Content(
            mine.host(), mine.process(), mine.began(), mine.nonce(), mine.beat() + 1, false);
    try {
      if (store.replaceRecord(
          name(runId), Optional.of(JSON.writeValueAsString(mine)), JSON.writeValueAsString(next))) {
        mine = next;
        return;
      }
      Content now = JSON.readValue(store.record(name(runId)).orElse("{}"), Content.class);
      if (mine.nonce().equals(now.nonce())) {
        // An earlier beat got through after all.
        mine = now;
      } else if (!lost) {
        lost = true;
        beats.shutdown();
        onLost.accept(worker);
      }
    } catch (IOException | RuntimeException e) {
      // A store that cannot be reached is asked again; the next beat that gets through decides.
    }
  }

  String runId() {
    return runId;
  }

  /** What the ledger calls this driver. */
  String driver() {
    return mine.driver();
  }

  /**
   * Gives a sign of life now.
   *
   * @throws UserError RUN_IN_PROGRESS if another driver has taken the run over
   */
  synchronized void requireHeld() throws IOException {
    beat();
    if (lost) {
      Thread.interrupted();
      String holder = store.record(name(runId)).orElse("{}");
      throw held(runId, JSON.readValue(holder, Content.class));
    }
  }

  @Override
  public synchronized void close() {
    beats.shutdownNow();
    if (!lost) {
      Content released =
          new Content(mine.host(), mine.process(), mine.began(), mine.nonce(), mine.beat(), true);
      try {
        store.replaceRecord(
            name(runId),
            Optional.of(JSON.writeValueAsString(mine)),
            JSON.writeValueAsString(released));
      } catch (IOException e) {
        // What is not released is taken over once its silence was watched: the run's end stands.
      }
    }
  }
}
