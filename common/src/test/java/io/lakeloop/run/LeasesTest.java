package io.lakeloop.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.LocalArtifactStore;
import io.lakeloop.run.Job.Access;
import io.lakeloop.run.UnfinishedRuns.Unfinished;
import io.lakeloop.table.FeedbackTables;
import io.lakeloop.table.LedgerTables;
import io.lakeloop.table.Table;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which runs may be at work beside each other. */
class LeasesTest {
  private static final Lease.Pace QUICK =
      new Lease.Pace(Duration.ofMillis(20), Duration.ofMillis(400));

  private final Console console =
      new Console(
          new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
          false,
          false,
          Clock.systemUTC());
  @TempDir private Path folder;

  private Leases take(String run, Access access) throws Exception {
    return take("/lake", run, access);
  }

  private Leases take(String lake, String run, Access access) throws Exception {
    return new Leases(lake, new LocalArtifactStore(folder), Name.parse(run), console, QUICK)
        .take(access, worker -> {});
  }

  @ParameterizedTest
  @CsvSource({"TAKES_IN, TAKES_IN", "TAKES_IN, DELETES", "DELETES, TAKES_IN", "DELETES, DELETES"})
  void oneTakesInOrDeletes(Access first, Access second) throws Exception {
    try (Leases held = take("one", first)) {
      assertThatThrownBy(() -> take("two", second))
          .hasMessageContaining("Cannot run two now: the driver " + held.driver())
          .hasMessageContaining("another intake or deletion");
      // The refused one has left nothing behind, and another lake's is free.
      take("two", Access.READS).close();
      take("/other", "two", second).close();
    }
    take("two", second).close();
  }

  @Test
  void nobodyBeginsToReadBesideADeletion() throws Exception {
    List<Table> reads = List.of(LedgerTables.RUNS, FeedbackTables.INTERACTIONS);
    try (Leases reader = take("reader", Access.READS)) {
      reader.requireNoDeletion(reads);
      try (Leases deletion = take("deletion", Access.DELETES)) {
        assertThatThrownBy(() -> reader.requireNoDeletion(reads))
            .isInstanceOfSatisfying(
                UserError.class,
                error -> assertThat(error.code()).isEqualTo(ErrorCode.RUN_IN_PROGRESS))
            .hasMessageContaining("Cannot run reader now: a run that deletes is at work");
        // Nothing is deleted from what this one would read.
        reader.requireNoDeletion(List.of(LedgerTables.RUNS));
        deletion.requireHeld();
      }
      reader.requireNoDeletion(reads);
    }
  }

  private static Unfinished unfinished(String run, Table read, boolean isAlive) {
    return new Unfinished(
        Name.parse(run), "job", Instant.EPOCH, "host:1", Set.of("table:" + read.name()), isAlive);
  }

  @Test
  void nobodyDeletesBesideAReader() throws Exception {
    try (Leases deletion = take("deletion", Access.DELETES)) {
      deletion.requireNoReaders(
          List.of(
              unfinished("deletion", FeedbackTables.INTERACTIONS, true),
              unfinished("other", LedgerTables.RUNS, true)));
      assertThatThrownBy(
              () ->
                  deletion.requireNoReaders(
                      List.of(unfinished("reader", FeedbackTables.INTERACTIONS, true))))
          .hasMessageContaining(
              "Cannot run deletion now: the run reader of job is at work on rows");
    }
  }

  @Test
  void aReaderThatIsSilentIsStoppedBeforeWhatItReadsIsDeleted() throws Exception {
    Name name = Name.parse("paused");
    Lease.Pace silent = new Lease.Pace(Duration.ofHours(1), Duration.ofMillis(400));
    Lease paused =
        Lease.take(new LocalArtifactStore(folder), name, name, console, worker -> {}, silent);
    try (Leases deletion = take("deletion", Access.DELETES)) {
      deletion.requireNoReaders(List.of(unfinished("paused", FeedbackTables.INTERACTIONS, false)));
    }
    assertThatThrownBy(paused::requireHeld).hasMessageContaining("Cannot go on with paused");
  }

  @Test
  void namesOfLeasesAreNoRunIds() {
    assertThatThrownBy(() -> take("any-deletion", Access.READS))
        .hasMessageContaining("run ids do not begin with any-");
  }
}
