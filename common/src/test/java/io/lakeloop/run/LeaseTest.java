package io.lakeloop.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.ArtifactStore;
import io.lakeloop.registry.LocalArtifactStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of two drivers of one run, one works. */
class LeaseTest {
  private static final Lease.Pace QUICK =
      new Lease.Pace(Duration.ofMillis(20), Duration.ofMillis(400));

  /** Its holder says nothing for longer than anybody watches. */
  private static final Lease.Pace SILENT =
      new Lease.Pace(Duration.ofHours(1), Duration.ofMillis(400));

  private static final Name NIGHTLY = Name.parse("nightly");

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final Console console =
      new Console(
          new PrintStream(printed, true, StandardCharsets.UTF_8), false, false, Clock.systemUTC());
  @TempDir private Path folder;
  private ArtifactStore store;

  @BeforeEach
  void open() {
    store = new LocalArtifactStore(folder);
  }

  private Lease take(Lease.Pace pace) throws Exception {
    return Lease.take(store, NIGHTLY, NIGHTLY, console, worker -> {}, pace);
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
        Lease other =
            Lease.take(
                store, Name.parse("weekly"), Name.parse("weekly"), console, worker -> {}, SILENT)) {
      first.requireHeld();
      other.requireHeld();
    }
  }

  private static final String RECORD = "leases/nightly.json";

  /** As a driver on this machine leaves it that was killed. */
  private static String leftBehind(String space) throws Exception {
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    return ("{\"host\":\"%s\",%s\"process\":%d,\"started\":1,\"nonce\":\"x\",\"beat\":7,"
            + "\"released\":false}")
        .formatted(InetAddress.getLocalHost().getHostName(), space, dead.pid());
  }

  private void write(String record) throws IOException {
    assertThat(store.replaceRecord(RECORD, Optional.empty(), record)).isTrue();
  }

  /** Watching a holder would take so long that a test which does it fails. */
  private static final Lease.Pace AGES = new Lease.Pace(Duration.ofHours(1), Duration.ofHours(1));

  @Test
  @Timeout(60)
  void aDeadProcessOfThisMachineHoldsNothing() throws Exception {
    write(leftBehind("\"space\":\"%s\",".formatted(Processes.space().orElseThrow())));
    take(AGES).close();
  }

  /** Two containers may share a host's name; a process that is not seen may live in the other. */
  @ParameterizedTest
  @ValueSource(strings = {"", "\"space\":\"another-boot pid:[4026531836]\","})
  void aProcessThatCannotBeSeenIsWatched(String space) throws Exception {
    write(leftBehind(space));
    take(QUICK).close();
    assertThat(printed.toString(StandardCharsets.UTF_8)).contains("watching up to");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "null", "{}", "\u0001\u0002"})
  void aGarbledRecordIsWatchedAndThenTakenOver(String record) throws Exception {
    write(record);
    take(QUICK).close();
    assertThat(printed.toString(StandardCharsets.UTF_8)).contains("leases/nightly.json is garbled");
    assertThat(store.record(RECORD)).isEmpty();
  }

  @Test
  void aHolderMendsItsRecord() throws Exception {
    try (Lease lease = take(SILENT)) {
      Optional<String> own = store.record(RECORD);
      assertThat(store.replaceRecord(RECORD, own, "")).isTrue();
      lease.requireHeld();
      assertThat(store.record(RECORD).orElseThrow()).contains("\"nonce\"");
    }
  }

  @Test
  @Timeout(60)
  void aRecordThatAnEarlierReleaseLeftReleasedIsFree() throws Exception {
    write(leftBehind("").replace("\"released\":false", "\"released\":true"));
    take(AGES).close();
  }

  @Test
  void nothingIsLeftOfALeaseThatEnded() throws Exception {
    for (int run = 0; run < 3; run++) {
      Name name = Name.parse("run-" + run);
      Lease.take(store, name, name, console, worker -> {}, SILENT).close();
    }
    try (Stream<Path> files = Files.list(folder.resolve("leases"))) {
      assertThat(files.map(file -> file.getFileName().toString())).containsExactly(".lock");
    }
  }

  /** It was taken for dead, and the driver that took over has ended the run. */
  @Test
  void aDriverWhoseLeaseIsGoneStops() throws Exception {
    try (Lease old = take(SILENT)) {
      assertThat(store.removeRecord(RECORD, store.record(RECORD).orElseThrow())).isTrue();
      assertThatThrownBy(old::requireHeld)
          .isInstanceOf(UserError.class)
          .hasMessageContaining("leases/nightly.json is gone");
    }
    assertThat(store.record(RECORD)).isEmpty();
  }

  @Test
  void onlyTheLeaseThatWasReadIsRemoved() throws Exception {
    write("theirs");
    assertThat(store.removeRecord(RECORD, "ours")).isFalse();
    assertThat(store.record(RECORD)).contains("theirs");
  }

  /** However takers and leavers meet, one holds the record at a time. */
  @Test
  void leavingAndTakingMeetSafely() throws Exception {
    AtomicInteger working = new AtomicInteger();
    ExecutorService drivers = Executors.newFixedThreadPool(4);
    try {
      Callable<Integer> driver =
          () -> {
            int turns = 0;
            for (int i = 0; i < 200; i++) {
              String mine = Thread.currentThread().getName() + i;
              if (store.replaceRecord(RECORD, Optional.empty(), mine)) {
                assertThat(working.incrementAndGet()).isEqualTo(1);
                working.decrementAndGet();
                assertThat(store.removeRecord(RECORD, mine)).isTrue();
                turns++;
              }
            }
            return turns;
          };
      int turns = 0;
      for (Future<Integer> each : drivers.invokeAll(List.of(driver, driver, driver, driver))) {
        turns += each.get();
      }
      assertThat(turns).isPositive();
    } finally {
      drivers.shutdown();
    }
  }

  @Test
  void silenceIsTakenForDeathAndTheOldDriverIsStopped() throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    Lease old =
        Lease.take(
            store,
            NIGHTLY,
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
