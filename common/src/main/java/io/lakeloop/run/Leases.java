package io.lakeloop.run;

import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.ArtifactStore;
import io.lakeloop.run.UnfinishedRuns.Unfinished;
import io.lakeloop.table.RetentionTables;
import io.lakeloop.table.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a run holds while it is at work: its own lease and, where its job is not to be beside
 * others, those by which the runs of a lake keep apart. Who reads looks for a deletion after its
 * own lease is taken and its row is written, who deletes looks for readers after its lease is
 * taken: of two that begin at once, one sees the other.
 */
final class Leases implements AutoCloseable {
  private static final String RESERVED = "any-";
  private static final int DIGEST = 12;

  private final String lake;
  private final ArtifactStore store;
  private final Name runId;
  private final Console console;
  private final Lease.Pace pace;
  private final List<Lease> held = new ArrayList<>();

  /**
   * @param lake root of the run's lake
   */
  Leases(String lake, ArtifactStore store, Name runId, Console console, Lease.Pace pace) {
    this.lake = lake;
    this.store = store;
    this.runId = runId;
    this.console = console;
    this.pace = pace;
  }

  /**
   * Takes what the run needs.
   *
   * @param onLost called with the thread that took the leases when another driver has taken one
   * @throws UserError RUN_IN_PROGRESS if a driver that is alive holds one of them
   */
  Leases take(Job.Access access, Consumer<Thread> onLost) throws IOException, InterruptedException {
    if (runId.text().startsWith(RESERVED)) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot run %s: run ids do not begin with %s. Give another --run-id.",
          runId,
          RESERVED);
    }
    List<Name> wanted =
        switch (access) {
          case READS -> List.of(runId);
          case TAKES_IN -> List.of(runId, intake());
          case DELETES -> List.of(runId, intake(), deletion());
        };
    try {
      for (Name name : wanted) {
        held.add(Lease.take(store, name, runId, console, onLost, pace));
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      close();
      throw e;
    }
    return this;
  }

  /** Held by the one run of the lake that takes in what others might take, too, or deletes. */
  private Name intake() {
    return ofLake("intake-or-deletion");
  }

  /** Held by the one run of the lake that deletes. */
  private Name deletion() {
    return ofLake("deletion");
  }

  /** Several lakes may share a registry. */
  private Name ofLake(String what) {
    return Name.parse(RESERVED + what + "-" + Digest.of(lake).substring(0, DIGEST));
  }

  /** What the driver that holds a lease is at work on. */
  static String work(Name lease) {
    return lease.text().startsWith(RESERVED)
        ? "another intake or deletion, which go one at a time"
        : "the run " + lease;
  }

  Name runId() {
    return runId;
  }

  /** What the ledger calls this driver. */
  String driver() {
    return held.get(0).driver();
  }

  /**
   * Refuses to read beside a run that deletes.
   *
   * @param reads tables that the run reads
   * @throws UserError RUN_IN_PROGRESS if there is one, alive
   */
  void requireNoDeletion(List<Table> reads) throws IOException, InterruptedException {
    if (reads.stream().anyMatch(RetentionTables.TIMES::containsKey)
        && !Lease.alive(store, List.of(deletion()), pace).isEmpty()) {
      throw new UserError(
          ErrorCode.RUN_IN_PROGRESS,
          "Cannot run %s now: a run that deletes is at work, and what it deletes could come back by"
              + " this one. Wait until it has ended; then run this again.",
          runId);
    }
  }

  /**
   * Refuses to delete beside a run that reads what may be deleted. One that is silent is stopped
   * for good: its driver, should it live after all, finds that its lease is gone.
   *
   * @param unfinished runs of the lake, as they are after this run has taken its leases
   * @throws UserError RUN_IN_PROGRESS if there is one, alive
   */
  void requireNoReaders(List<Unfinished> unfinished) throws IOException, InterruptedException {
    for (Unfinished other : unfinished) {
      Optional<Table> read =
          RetentionTables.TIMES.keySet().stream().filter(other::reads).findFirst();
      if (other.runId().equals(runId) || read.isEmpty()) {
        continue;
      }
      if (other.isAlive()) {
        throw new UserError(
            ErrorCode.RUN_IN_PROGRESS,
            "Cannot run %s now: the run %s of %s is at work on rows of %s, and what is deleted could"
                + " come back by it. Wait until it has ended, or stop it; then run this again.",
            runId,
            other.runId(),
            other.job(),
            read.get().name());
      }
      Lease.take(store, other.runId(), runId, console, worker -> {}, pace).close();
    }
  }

  /**
   * Gives a sign of life now.
   *
   * @throws UserError RUN_IN_PROGRESS if another driver has taken one of the leases over
   */
  void requireHeld() throws IOException {
    for (Lease lease : held) {
      lease.requireHeld();
    }
  }

  @Override
  public void close() {
    held.forEach(Lease::close);
  }
}
