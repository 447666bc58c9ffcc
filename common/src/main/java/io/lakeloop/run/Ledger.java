package io.lakeloop.run;

import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.table.Lake;
import io.lakeloop.table.LedgerTables;
import io.lakeloop.table.TableRows;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** The runs and lineage tables: one row per logical run, whichever attempt wrote it. */
final class Ledger {
  private static final String FILE = "file:";
  private static final String SUCCEEDED = "SUCCEEDED";

  /** Among what a run pins: an attempt has published what it made of the files. */
  private static final String PUBLISHED = "published";

  /** Ends of runs that ask for other files. */
  private static final Set<ErrorCode> OTHER_FILES =
      EnumSet.of(
          ErrorCode.DATA_EMPTY,
          ErrorCode.INPUT_CHANGED,
          ErrorCode.INPUT_UNREADABLE,
          ErrorCode.TOO_MANY_QUARANTINED);

  private final Lake lake;
  private final String driver;
  private final Map<String, String> pinnedFiles = new TreeMap<>();

  /** What this driver last wrote of the run, or null. */
  private Lake.Commit last;

  /**
   * @param driver what this driver is called
   */
  Ledger(Lake lake, String driver) {
    this.lake = lake;
    this.driver = driver;
  }

  /**
   * How a run began: its first attempt fixes all of this, retries read it.
   *
   * @param config settings as they may be shown
   * @param configDigest SHA-256 of the settings as they are
   */
  record Start(
      Name runId,
      String job,
      String environment,
      Instant startedAt,
      String config,
      String configDigest,
      Map<String, String> pinned,
      String codeVersion) {}

  /** How an attempt ended. */
  record End(Instant finishedAt, Optional<ErrorCode> code, String error) {}

  /**
   * Returns how the run of that id began, if it did.
   *
   * @throws UserError CONFIG_INVALID if it was another job's or had other settings
   */
  Optional<Start> earlier(Name runId, String job, String config, String configDigest) {
    if (!lake.mayHold(LedgerTables.RUNS, runId)) {
      return Optional.empty();
    }
    List<Row> rows =
        lake.read(LedgerTables.RUNS)
            .where(col("run_id").equalTo(runId.text()))
            .select(
                "job",
                "environment",
                "started_at",
                "config",
                "config_digest",
                "pinned",
                "code_version")
            .collectAsList();
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    Row row = rows.get(0);
    if (!row.getString(0).equals(job)) {
      throw refused(runId, "it is a run of " + row.getString(0) + ", not of " + job);
    }
    if (!row.getString(4).equals(configDigest)) {
      throw refused(runId, "it began with the settings " + row.getString(3) + ", now " + config);
    }
    return Optional.of(
        new Start(
            runId,
            job,
            row.getString(1),
            row.getTimestamp(2).toInstant(),
            config,
            configDigest,
            row.getJavaMap(5),
            row.getString(6)));
  }

  private static UserError refused(Name runId, String why) {
    return new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot run %s again: %s. Give another --run-id, or the settings that it began with.",
        runId,
        why);
  }

  /**
   * Fixes the files that a run takes in as its first attempt found them, until an attempt ends
   * because of what they hold: the next one is to find others.
   *
   * @param files size and digest by name
   * @throws UserError CONFIG_INVALID if the first attempt found others
   */
  void pinFiles(Start start, Map<String, String> files) {
    Map<String, String> earlier = new TreeMap<>();
    start
        .pinned()
        .forEach(
            (key, value) -> {
              if (key.startsWith(FILE)) {
                earlier.put(key.substring(FILE.length()), value);
              }
            });
    if (earlier.isEmpty()) {
      files.forEach((name, value) -> pinnedFiles.put(FILE + name, value));
      started(start);
      return;
    }
    TreeSet<String> all = new TreeSet<>(earlier.keySet());
    all.addAll(files.keySet());
    for (String name : all) {
      String before = earlier.get(name);
      String now = files.get(name);
      if (!Objects.equals(before, now)) {
        throw new UserError(
            ErrorCode.CONFIG_INVALID,
            "Cannot run %s again: when it began, %s was %s, and now it is %s. Restore the file, or"
                + " give another --run-id.",
            start.runId(),
            name,
            described(before),
            described(now));
      }
    }
  }

  private static String described(String pin) {
    if (pin == null) {
      return "not there";
    }
    String[] sizeAndDigest = pin.split(" ");
    return sizeAndDigest[0]
        + " bytes with the SHA-256 "
        + sizeAndDigest[1].substring(0, 12)
        + "...";
  }

  void started(Start start) {
    write(start, row(start, "STARTED", null, new Lineage(start.runId())), " started");
  }

  void ended(Start start, End end, Lineage lineage) {
    lake.replace(
        LedgerTables.LINEAGE,
        start.runId(),
        lineage.rows().dataset(lake.spark()),
        start.runId() + " ended");
    String status = end.code().isEmpty() ? SUCCEEDED : "FAILED";
    write(start, row(start, status, end, lineage), " ended");
  }

  private void write(Start start, TableRows row, String what) {
    Dataset<Row> rows = row.dataset(lake.spark());
    String metadata = start.runId() + what;
    last =
        last == null
            ? lake.replace(LedgerTables.RUNS, start.runId(), rows, metadata)
            : lake.replace(LedgerTables.RUNS, start.runId(), rows, metadata, last);
  }

  /** Null where the job takes in no files, or has not come to the end of its account. */
  private static Row[] inputs(Lineage lineage) {
    Row[] inputs =
        lineage.inputs().stream()
            .map(
                input ->
                    RowFactory.create(
                        input.name(),
                        input.bytes(),
                        input.digest(),
                        input.found(),
                        input.written(),
                        input.quarantined(),
                        input.superseded()))
            .toArray(Row[]::new);
    return inputs.length == 0 ? null : inputs;
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
    Map<String, String> pinned = new TreeMap<>(start.pinned());
    pinned.putAll(pinnedFiles);
    if (status.equals(SUCCEEDED)) {
      pinned.put(PUBLISHED, "true");
    } else if (!pinned.containsKey(PUBLISHED)
        && end != null
        && end.code().filter(OTHER_FILES::contains).isPresent()) {
      pinned.keySet().removeIf(name -> name.startsWith(FILE));
    }
    row.put("pinned", pinned);
    row.put("code_version", start.codeVersion());
    row.put("driver", driver);
    row.put("rows_read", lineage.rowsRead());
    row.put("rows_written", lineage.rowsWritten());
    row.put("inputs", inputs(lineage));
    if (end != null) {
      row.put("finished_at", Timestamp.from(end.finishedAt()));
      row.put("error_code", end.code().map(Enum::name).orElse(null));
      row.put("error", end.error());
    }
    return new TableRows(LedgerTables.RUNS).add(row);
  }
}
