package io.lakeloop.run;

import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.Name;
import io.lakeloop.registry.ArtifactStore;
import io.lakeloop.table.Lake;
import io.lakeloop.table.LedgerTables;
import io.lakeloop.table.Table;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Row;

/** Runs that have begun and not ended: a driver is at work on them, or died over them. */
public final class UnfinishedRuns {
  private UnfinishedRuns() {}

  /**
   * One of them.
   *
   * @param driver host and process of its last attempt's driver
   * @param pins names of what it reads, as in the table runs
   * @param isAlive true if the driver gives signs of life
   */
  public record Unfinished(
      Name runId, String job, Instant startedAt, String driver, Set<String> pins, boolean isAlive) {
    public boolean reads(Table table) {
      return pins.contains(RunTables.pin(table));
    }
  }

  /**
   * All of them, the oldest first. Drivers on other machines are watched for as long as one that
   * lives would take to show it.
   */
  public static List<Unfinished> of(Lake lake, ArtifactStore artifacts)
      throws IOException, InterruptedException {
    if (!lake.exists(LedgerTables.RUNS)) {
      return List.of();
    }
    List<Row> started =
        lake
            .read(LedgerTables.RUNS)
            .where(col("status").equalTo("STARTED"))
            .select("run_id", "job", "started_at", "driver", "pinned")
            .orderBy("started_at", "run_id")
            .collectAsList()
            .stream()
            // Earlier releases took other run ids, too, which --run-id no longer accepts.
            .filter(row -> Name.isName(row.getString(0)))
            .toList();
    List<Name> names = started.stream().map(row -> Name.parse(row.getString(0))).toList();
    Set<Name> alive = Lease.alive(artifacts, names, Lease.PACE);
    return started.stream()
        .map(
            row -> {
              Name runId = Name.parse(row.getString(0));
              return new Unfinished(
                  runId,
                  row.getString(1),
                  row.getTimestamp(2).toInstant(),
                  row.getString(3),
                  row.isNullAt(4)
                      ? Set.of()
                      : Set.copyOf(row.<String, String>getJavaMap(4).keySet()),
                  alive.contains(runId));
            })
        .toList();
  }
}
