package io.lakeloop.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.ArtifactStore;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The right to be a run's only driver. Its holder gives a sign of life every few seconds by
 * changing the lease; a driver that finds the lease held watches it for a while and takes it over
 * only if there was none. So no two machines' clocks are compared, and of two drivers that reach
 * for it one gets it. The holder removes the lease when it ends.
 */
final class Lease implements AutoCloseable {
  /** Four beats missed are a death. */
  static final Pace PACE = new Pace(Duration.ofSeconds(5), Duration.ofSeconds(20));

  private static final int LOOKS = 10;

  /** A later release may say more. */
  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  /**
   * How often a holder shows that it lives, and for how long its silence is watched.
   *
   * @param patience several beats
   */
  record Pace(Duration beat, Duration patience) {}

  /**
   * What the lease says.
   *
   * @param space where the process number means something, see {@link Processes#space}; null where
   *     the holder did not know
   * @param started start of the holder's process, see {@link Processes#startOf}; 0 where the
   *     holder, of an earlier release, has not said
   * @param nonce drawn anew by each attempt
   * @param beat signs of life so far
   * @param released true if its holder has ended; earlier releases left such records
   */
  private record Content(
      String host,
      String space,
      long process,
      long started,
      String nonce,
      long beat,
      boolean released) {

    static Content mine() throws IOException {
      ProcessHandle process = ProcessHandle.current();
      return new Content(
          InetAddress.getLocalHost().getHostName(),
          Processes.space().orElse(null),
          process.pid(),
          Processes.startOf(process),
          UUID.randomUUID().toString(),
          0,
          false);
    }

    /** Empty where the record is garbled. */
    static Optional<Content> read(String record) {
      try {
        return Optional.ofNullable(JSON.readValue(record, Content.class))
            .filter(content -> content.host() != null && content.nonce() != null);
      } catch (JsonProcessingException e) {
        return Optional.empty();
      }
    }

    String write() throws IOException {
      return JSON.writeValueAsString(this);
    }

    Content next() {
      return new Content(host, space, process, started, nonce, beat + 1, false);
    }

    String driver() {
      return host + ":" + process;
    }

    /** True if it is known to be held by nobody; a holder whose process is not seen may live. */
    boolean isFree(Content mine) {
      return released
          || space != null && space.equals(mine.space) && !Processes.lives(process, started);
    }
  }

  private final ArtifactStore store;
  private final Name lease;
  private final Name runId;
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
      ArtifactStore store,
      Name lease,
      Name runId,
      Content mine,
      Consumer<Thread> onLost,
      Pace pace) {
    this.lease = lease;
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
      ArtifactStore store,
      Name lease,
      Name runId,
      Console console,
      Consumer<Thread> onLost,
      Pace pace)
      throws IOException, InterruptedException {
    Content mine = Content.mine();
    while (true) {
      Optional<String> found = store.record(record(lease));
      Optional<Content> holder = found.flatMap(Content::read);
      if (found.isPresent() && !holder.filter(content -> content.isFree(mine)).isPresent()) {
        sayWatching(console, lease, holder, pace);
        Optional<String> now = watched(store, lease, found, pace);
        if (!now.equals(found)) {
          Optional<Content> other = now.flatMap(Content::read);
          if (other.filter(content -> !content.released()).isPresent()) {
            throw held(lease, runId, other.get());
          }
          continue;
        }
        console.say("  nobody has changed it: this driver goes on with the run");
      }
      if (store.replaceRecord(record(lease), found, mine.write())) {
        return new Lease(store, lease, runId, mine, onLost, pace);
      }
    }
  }

  /** Those of the runs whose leases are held by drivers that give signs of life. */
  static Set<Name> alive(ArtifactStore store, List<Name> runs, Pace pace)
      throws IOException, InterruptedException {
    Content mine = Content.mine();
    Set<Name> alive = new HashSet<>();
    Map<Name, Optional<String>> silent = new HashMap<>();
    for (Name run : runs) {
      Optional<String> found = store.record(record(run));
      if (found.isPresent() && found.flatMap(Content::read).filter(c -> c.isFree(mine)).isEmpty()) {
        silent.put(run, found);
      }
    }
    long look = Math.max(1, Math.min(pace.beat().toMillis(), pace.patience().toMillis()) / LOOKS);
    for (long waited = 0;
        waited < pace.patience().toMillis() && !silent.isEmpty();
        waited += look) {
      Thread.sleep(look);
      for (Name run : List.copyOf(silent.keySet())) {
        Optional<String> now = store.record(record(run));
        if (!now.equals(silent.get(run))) {
          silent.remove(run);
          // A lease that went is of a run that ended meanwhile.
          now.ifPresent(held -> alive.add(run));
        }
      }
    }
    return alive;
  }

  private static void sayWatching(
      Console console, Name lease, Optional<Content> holder, Pace pace) {
    long seconds = pace.patience().toSeconds();
    if (holder.isPresent()) {
      console.say(
          "  %s is held by the driver %s: watching up to %d s whether it is alive",
          lease, holder.get().driver(), seconds);
    } else {
      console.say(
          "  the registry's %s is garbled: watching up to %d s whether a driver mends it",
          record(lease), seconds);
    }
  }

  private static String record(Name lease) {
    return "leases/" + lease + ".json";
  }

  /** What the lease says after as long as a holder that lives would take to change it. */
  private static Optional<String> watched(
      ArtifactStore store, Name lease, Optional<String> content, Pace pace)
      throws IOException, InterruptedException {
    Optional<String> now = content;
    long look = Math.max(1, Math.min(pace.beat().toMillis(), pace.patience().toMillis()) / LOOKS);
    for (long waited = 0;
        waited < pace.patience().toMillis() && now.equals(content);
        waited += look) {
      Thread.sleep(look);
      now = store.record(record(lease));
    }
    return now;
  }

  private static UserError held(Name lease, Name runId, Content holder) {
    if (lease.equals(runId)) {
      return new UserError(
          ErrorCode.RUN_IN_PROGRESS,
          "Cannot run %s: the driver %s (process %d on %s) is at work on it. Wait until it has ended,"
              + " or stop it; then run this again.",
          runId,
          holder.driver(),
          holder.process(),
          holder.host());
    }
    return new UserError(
        ErrorCode.RUN_IN_PROGRESS,
        "Cannot run %s now: the driver %s (process %d on %s) is at work on %s. Wait until it has"
            + " ended; then run this again.",
        runId,
        holder.driver(),
        holder.process(),
        holder.host(),
        Leases.work(lease));
  }

  private static UserError gone(Name lease, Name runId) {
    return new UserError(
        ErrorCode.RUN_IN_PROGRESS,
        "Cannot go on with %s: the registry's %s is gone, since another driver has taken it over and"
            + " ended, or somebody deleted the file. Look at the run in the table runs; if it is not"
            + " ended, run this again.",
        runId,
        record(lease));
  }

  private synchronized void beat() {
    Content next = mine.next();
    try {
      if (store.replaceRecord(record(lease), Optional.of(mine.write()), next.write())) {
        mine = next;
        return;
      }
      Optional<String> found = store.record(record(lease));
      Optional<Content> now = found.flatMap(Content::read);
      if (now.filter(content -> mine.nonce().equals(content.nonce())).isPresent()) {
        // An earlier beat got through after all.
        mine = now.get();
      } else if (found.isPresent() && now.isEmpty()) {
        // Whoever takes a lease over leaves a whole one: this was damaged, and is mended.
        mine = store.replaceRecord(record(lease), found, next.write()) ? next : mine;
      } else if (!lost) {
        lost = true;
        beats.shutdown();
        onLost.accept(worker);
      }
    } catch (IOException | RuntimeException e) {
      // A store that cannot be reached is asked again; the next beat that gets through decides.
    }
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
      throw store
          .record(record(lease))
          .flatMap(Content::read)
          .map(holder -> held(lease, runId, holder))
          .orElseGet(() -> gone(lease, runId));
    }
  }

  @Override
  public synchronized void close() {
    beats.shutdownNow();
    if (!lost) {
      try {
        store.removeRecord(record(lease), mine.write());
      } catch (IOException e) {
        // What is not removed is taken over once its silence was watched: the run's end stands.
      }
    }
  }
}
