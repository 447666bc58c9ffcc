package io.lakeloop.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.LocalArtifactStore;
import io.lakeloop.run.Job.Exclusion;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which runs may be at work beside each other. */
class LeasesTest {
  private static final Lease.Pace QUICK =
      new Lease.Pace(Duration.ofMillis(20), Duration.ofMillis(400));

  @TempDir private Path folder;

  private Leases take(String run, Exclusion exclusion) throws Exception {
    Console console =
        new Console(
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            false,
            false,
            Clock.systemUTC());
    return Leases.take(
        new LocalArtifactStore(folder), Name.parse(run), exclusion, console, worker -> {}, QUICK);
  }

  @ParameterizedTest
  @CsvSource({
    "INTAKE, INTAKE, another intake or deletion now",
    "INTAKE, READERS, another intake or deletion now",
    "READERS, INTAKE, another intake or deletion now",
    "READERS, READERS, another intake or deletion now"
  })
  void oneTakesInOrDeletes(Exclusion first, Exclusion second, String what) throws Exception {
    try (Leases held = take("one", first)) {
      assertThatThrownBy(() -> take("two", second))
          .hasMessageContaining("Cannot run " + what + ": the driver " + held.driver());
      // The refused one has left nothing behind.
      take("two", Exclusion.DELETION).close();
    }
    take("two", second).close();
  }

  @Test
  void nobodyBeginsToReadBesideADeletion() throws Exception {
    try (Leases reader = take("reader", Exclusion.DELETION)) {
      reader.requireNoDeletion();
      try (Leases deletion = take("deletion", Exclusion.READERS)) {
        assertThatThrownBy(reader::requireNoDeletion)
            .isInstanceOfSatisfying(
                UserError.class,
                error -> assertThat(error.code()).isEqualTo(ErrorCode.RUN_IN_PROGRESS))
            .hasMessageContaining("Cannot run reader now: enforce-retention is at work");
        deletion.requireHeld();
      }
      reader.requireNoDeletion();
    }
  }

  @Test
  void namesOfLeasesAreNoRunIds() {
    assertThatThrownBy(() -> take("any-retention", Exclusion.DELETION))
        .hasMessageContaining("run ids do not begin with any-");
  }
}
