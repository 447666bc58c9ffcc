package io.lakeloop.run;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.ArtifactStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a run holds while it is at work: its own lease and, where its job excludes others, the lease
 * that these would need.
 */
final class Leases implements AutoCloseable {
  private static final String RESERVED = "any-";

  /** Held by the one run that takes in what others might take, too, or deletes. */
  private static final Name INTAKE = Name.parse(RESERVED + "intake-or-retention");

  /** Held by the one run that deletes: nobody begins to read beside it. */
  private static final Name DELETION = Name.parse(RESERVED + "retention");

  private final ArtifactStore store;
  private final Name runId;
  private final Lease.Pace pace;
  private final List<Lease> held = new ArrayList<>();

  private Leases(ArtifactStore store, Name runId, Lease.Pace pace) {
    this.store = store;
    this.runId = runId;
    this.pace = pace;
  }

  /**
   * Takes what the run needs.
   *
   * @param onLost called with the thread that took the leases when another driver has taken one
   * @throws UserError RUN_IN_PROGRESS if a driver that is alive holds one of them
   */
  static Leases take(
      ArtifactStore store,
      Name runId,
      Job.Exclusion exclusion,
      Console console,
      Consumer<Thread> onLost,
      Lease.Pace pace)
      throws IOException, InterruptedException {
    if (runId.text().startsWith(RESERVED)) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot run %s: run ids do not begin with %s. Give another --run-id.",
          runId,
          RESERVED);
    }
    List<Name> wanted =
        switch (exclusion) {
          case DELETION -> List.of(runId);
          case INTAKE -> List.of(runId, INTAKE);
          case READERS -> List.of(runId, INTAKE, DELETION);
        };
    Leases leases = new Leases(store, runId, pace);
    try {
      for (Name name : wanted) {
        leases.held.add(Lease.take(store, name, console, onLost, pace));
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      leases.close();
      throw e;
    }
    return leases;
  }

  /** What a held lease keeps a run from, as messages put it. */
  static String work(Name lease) {
    if (lease.equals(INTAKE)) {
      return "another intake or deletion now";
    }
    return lease.equals(DELETION) ? "a deletion now" : lease.text();
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
   * @throws UserError RUN_IN_PROGRESS if there is one, alive
   */
  void requireNoDeletion() throws IOException, InterruptedException {
    if (!Lease.alive(store, List.of(DELETION), pace).isEmpty()) {
      throw new UserError(
          ErrorCode.RUN_IN_PROGRESS,
          "Cannot run %s now: enforce-retention is at work, and what it deletes could come back by"
              + " this run. Wait until it has ended; then run this again.",
          runId);
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
