package io.lakeloop.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.ArtifactStore;
import io.lakeloop.registry.LocalArtifactStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of two drivers of one run, one works. */
class LeaseTest {
  private static final Lease.Pace QUICK =
      new Lease.Pace(Duration.ofMillis(20), Duration.ofMillis(400));

  /** Its holder says nothing for longer than anybody watches. */
  private static final Lease.Pace SILENT =
      new Lease.Pace(Duration.ofHours(1), Duration.ofMillis(400));

  private static final Name NIGHTLY = Name.parse("nightly");

  private final Console console =
      new Console(
          new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
          false,
          false,
          Clock.systemUTC());
  @TempDir private Path folder;
  private ArtifactStore store;

  @BeforeEach
  void open() {
    store = new LocalArtifactStore(folder);
  }

  private Lease take(Lease.Pace pace) throws Exception {
    return Lease.take(store, NIGHTLY, console, worker -> {}, pace);
  }

  @Test
  void aSecondDriverIsRefusedWhileTheFirstIsAlive() throws Exception {
    try (Lease first = take(QUICK)) {
      assertThatThrownBy(() -> take(QUICK))
          .isInstanceOfSatisfying(
              UserError.class,
              error -> assertThat(error.code()).isEqualTo(ErrorCode.RUN_IN_PROGRESS))
          .hasMessageContaining("Cannot run nightly: the driver")
          .hasMessageContaining(first.driver());
      first.requireHeld();
    }
    take(QUICK).close();
  }

  @Test
  void otherRunsAreFree() throws Exception {
    try (Lease first = take(SILENT);
        Lease other = Lease.take(store, Name.parse("weekly"), console, worker -> {}, SILENT)) {
      first.requireHeld();
      other.requireHeld();
    }
  }

  @Test
  void aDeadProcessOfThisMachineHoldsNothing() throws Exception {
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    String host = InetAddress.getLocalHost().getHostName();
    store.replaceRecord(
        "leases/nightly.json",
        Optional.empty(),
        "{\"host\":\"%s\",\"process\":%d,\"began\":1,\"nonce\":\"x\",\"beat\":7,\"released\":false}"
            .formatted(host, dead.pid()));
    // Watching would take an hour.
    take(new Lease.Pace(Duration.ofHours(1), Duration.ofHours(1))).close();
  }

  @Test
  void silenceIsTakenForDeathAndTheOldDriverIsStopped() throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    Lease old =
        Lease.take(
            store,
            NIGHTLY,
            console,
            worker -> {
              assertThat(worker).isEqualTo(Thread.currentThread());
              stopped.countDown();
            },
            SILENT);
    try (Lease fresh = take(SILENT)) {
      assertThatThrownBy(old::requireHeld)
          .isInstanceOf(UserError.class)
          .hasMessageContaining("is at work on it");
      assertThat(stopped.await(10, TimeUnit.SECONDS)).isTrue();
      // Closing what was lost must not release what another holds.
      old.close();
      fresh.requireHeld();
    }
  }
}
