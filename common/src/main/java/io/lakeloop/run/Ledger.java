package io.lakeloop.run;

import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.table.Lake;
import io.lakeloop.table.LedgerTables;
import io.lakeloop.table.TableRows;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The runs and lineage tables: one row per logical run, whichever attempt wrote it. */
final class Ledger {
  private final Lake lake;
  private final String driver;

  /**
   * @param driver what this driver is called
   */
  Ledger(Lake lake, String driver) {
    this.lake = lake;
    this.driver = driver;
  }

  /** How a run began: its first attempt fixes all of this, retries read it. */
  record Start(
      Name runId,
      String job,
      String environment,
      Instant startedAt,
      String config,
      Map<String, String> pinned,
      String codeVersion) {

    String configDigest() {
      return Digest.of(config);
    }
  }

  /** How an attempt ended. */
  record End(Instant finishedAt, Optional<ErrorCode> code, String error) {}

  /**
   * Returns how the run of that id began, if it did.
   *
   * @throws UserError CONFIG_INVALID if it was another job's or had other settings
   */
  Optional<Start> earlier(Name runId, String job, String config) {
    if (!lake.mayHold(LedgerTables.RUNS, runId)) {
      return Optional.empty();
    }
    List<Row> rows =
        lake.read(LedgerTables.RUNS)
            .where(col("run_id").equalTo(runId.text()))
            .select("job", "environment", "started_at", "config", "pinned", "code_version")
            .collectAsList();
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    Row row = rows.get(0);
    if (!row.getString(0).equals(job)) {
      throw refused(runId, "it is a run of " + row.getString(0) + ", not of " + job);
    }
    if (!row.getString(3).equals(config)) {
      throw refused(runId, "it began with the settings " + row.getString(3) + ", now " + config);
    }
    return Optional.of(
        new Start(
            runId,
            job,
            row.getString(1),
            row.getTimestamp(2).toInstant(),
            config,
            row.getJavaMap(4),
            row.getString(5)));
  }

  private static UserError refused(Name runId, String why) {
    return new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot run %s again: %s. Give another --run-id, or the settings that it began with.",
        runId,
        why);
  }

  void started(Start start) {
    lake.replace(
        LedgerTables.RUNS,
        start.runId(),
        row(start, "STARTED", null, new Lineage(start.runId())).dataset(lake.spark()),
        start.runId() + " started");
  }

  void ended(Start start, End end, Lineage lineage) {
    Dataset<Row> edges = lineage.rows().dataset(lake.spark());
    String metadata = start.runId() + " ended";
    lake.replace(LedgerTables.LINEAGE, start.runId(), edges, metadata);
    lake.replace(
        LedgerTables.RUNS,
        start.runId(),
        row(start, end.code().isEmpty() ? "SUCCEEDED" : "FAILED", end, lineage)
            .dataset(lake.spark()),
        metadata);
  }

  private TableRows row(Start start, String status, End end, Lineage lineage) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", start.runId().text());
    row.put("job", start.job());
    row.put("environment", start.environment());
    row.put("status", status);
    row.put("started_at", Timestamp.from(start.startedAt()));
    row.put("config", start.config());
    row.put("config_digest", start.configDigest());
    row.put("pinned", start.pinned());
    row.put("code_version", start.codeVersion());
    row.put("driver", driver);
    row.put("rows_read", lineage.rowsRead());
    row.put("rows_written", lineage.rowsWritten());
    if (end != null) {
      row.put("finished_at", Timestamp.from(end.finishedAt()));
      row.put("error_code", end.code().map(Enum::name).orElse(null));
      row.put("error", end.error());
    }
    return new TableRows(LedgerTables.RUNS).add(row);
  }
}
