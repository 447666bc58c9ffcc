package io.lakeloop.run;

import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.Name;
import io.lakeloop.table.Lake;
import io.lakeloop.table.LedgerTables;
import io.lakeloop.table.Table;
import io.lakeloop.table.TableRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The lake as one run sees it: reads come at the versions pinned when its first attempt began,
 * writes go to the run's own slice, and both leave a lineage edge.
 */
public final class RunTables {
  /** How a pin says that the table did not exist yet. */
  static final String ABSENT = "absent";

  private static final double MILLIS_PER_HOUR = 3.6e6;

  private final Lake lake;
  private final String registry;
  private final Name runId;
  private final Map<String, String> pinned;
  private final Lineage lineage;
  private final String userMetadata;
  private long vacuumBegan;

  /**
   * @param registry where the lake's models lie
   */
  RunTables(
      Lake lake,
      String registry,
      Name runId,
      Map<String, String> pinned,
      Lineage lineage,
      String userMetadata) {
    this.lake = lake;
    this.registry = registry;
    this.runId = runId;
    this.pinned = pinned;
    this.lineage = lineage;
    this.userMetadata = userMetadata;
  }

  /** Tables of a lake that no one else writes: they are read as they are. */
  static RunTables unpinned(Lake lake, Name runId) {
    return new RunTables(lake, lake.root() + "/registry", runId, null, new Lineage(runId), "{}");
  }

  String lakeRoot() {
    return lake.root();
  }

  /** The name of a table among what a run pins. */
  static String pin(Table table) {
    return "table:" + table.name();
  }

  /** Version at which this run reads the table. */
  public String pinnedVersion(Table table) {
    if (pinned == null) {
      OptionalLong latest = lake.version(table);
      return latest.isPresent() ? String.valueOf(latest.getAsLong()) : ABSENT;
    }
    String version = pinned.get(pin(table));
    if (version == null) {
      throw new IllegalStateException("The job does not declare that it reads " + table.name());
    }
    return version;
  }

  public boolean exists(Table table) {
    return !pinnedVersion(table).equals(ABSENT);
  }

  /**
   * Reads the whole table.
   *
   * @throws io.lakeloop.config.UserError INPUT_MISSING if it does not exist
   */
  public Dataset<Row> read(Table table) {
    return read(table, null);
  }

  /** Reads one slice of the table. */
  public Dataset<Row> slice(Table table, String slice) {
    Dataset<Row> rows = read(table, slice);
    return rows.where(rows.col(table.slice()).equalTo(slice));
  }

  /** Reads the whole table, which is empty where it does not exist. */
  public Dataset<Row> readOrEmpty(Table table) {
    return exists(table) ? read(table) : lake.empty(table);
  }

  /**
   * The table as it is pinned, and slices that other runs have written since; empty where it does
   * not exist.
   */
  public Dataset<Row> readWithLater(Table table) {
    Dataset<Row> pinned = readOrEmpty(table);
    OptionalLong latest = lake.version(table);
    if (latest.isEmpty() || String.valueOf(latest.getAsLong()).equals(pinnedVersion(table))) {
      return pinned;
    }
    Dataset<Row> known = pinned.select(pinned.col(table.slice()).as("known")).distinct();
    Dataset<Row> now = lake.read(table, latest.getAsLong());
    return pinned.unionByName(
        now.join(known, now.col(table.slice()).equalTo(known.col("known")), "left_anti"), true);
  }

  /** What other runs have written until now, whatever was pinned: what they took is taken. */
  public Dataset<Row> ofOthersNow(Table table) {
    OptionalLong latest = lake.version(table);
    if (latest.isEmpty()) {
      return lake.empty(table);
    }
    Dataset<Row> rows = lake.read(table, latest.getAsLong());
    return rows.where(rows.col(table.slice()).notEqual(runId.text()));
  }

  private Dataset<Row> read(Table table, String slice) {
    if (!exists(table)) {
      throw lake.missing(table);
    }
    Dataset<Row> rows = lake.read(table, Long.parseLong(pinnedVersion(table)));
    lineage.read("table", table.name(), pinnedVersion(table), slice, null);
    return rows;
  }

  /** Replaces this run's slice of the table. */
  public long replace(Table table, Dataset<Row> rows) {
    Lake.Commit commit = lake.replace(table, runId, rows, userMetadata);
    lineage.write(
        "table", table.name(), String.valueOf(commit.version()), runId.text(), null, commit.rows());
    return commit.rows();
  }

  /**
   * Appends to this run's slice, once: where the number was appended before, by this attempt or an
   * earlier one, nothing is written.
   *
   * @param number from 0, ascending
   */
  public void append(TableRows rows, int number) {
    lake.append(rows.table(), runId, rows.dataset(lake.spark()), userMetadata, number);
  }

  /** Closes what was appended step by step: returns and records the rows of this run's slice. */
  public long appended(Table table) {
    long version = lake.version(table).orElseThrow(() -> lake.missing(table));
    Dataset<Row> rows = lake.read(table, version);
    long count = rows.where(rows.col(table.slice()).equalTo(runId.text())).count();
    lineage.write("table", table.name(), String.valueOf(version), runId.text(), null, count);
    return count;
  }

  /** True if an earlier attempt of this run has written its slice of the table. */
  public boolean wrote(Table table) {
    return lake.exists(table) && lake.mayHold(table, runId);
  }

  /** Deletes rows of whatever run for which the condition holds. */
  public void delete(Table table, Column condition) {
    lake.delete(table, condition, userMetadata);
    lineage.write("table", table.name(), latest(table), "deleted rows", null, 0);
  }

  /** Deletes rows of whatever run whose column is among the keys. */
  public void delete(Table table, String column, Dataset<Row> keys) {
    lake.delete(table, column, keys, userMetadata);
    lineage.write("table", table.name(), latest(table), "deleted rows", null, 0);
  }

  private String latest(Table table) {
    return String.valueOf(lake.version(table).orElseThrow());
  }

  /**
   * Lets go of files that no version younger than so many hours needs; never of one that was
   * written since the first call: it may be another run's, not yet committed.
   */
  public void vacuum(Table table, double hours) {
    if (!lake.exists(table)) {
      return;
    }
    long now = System.currentTimeMillis();
    vacuumBegan = vacuumBegan == 0 ? now : vacuumBegan;
    lake.vacuum(table, Math.max(hours, (now - vacuumBegan) / MILLIS_PER_HOUR));
  }

  /** Writes rows as Parquet to a folder outside the lake. */
  public void export(Dataset<Row> rows, String path) throws IOException {
    lake.outside(registry)
        .write(rows, path, there -> hasWritten(path, there), digest -> announce(path, digest, 0));
  }

  /** Recorded before the file appears, so that a retry may replace it. */
  private void announce(String path, String digest, long rows) {
    lineage.write("file", path, null, null, digest, rows);
    keepLineage();
  }

  /** Writes the lineage so far, for an attempt that goes on behind this one. */
  public void keepLineage() {
    lake.replace(LedgerTables.LINEAGE, runId, lineage.rows().dataset(lake.spark()), userMetadata);
  }

  /** Takes over the lineage that an earlier attempt has kept. */
  public void restoreLineage() {
    lineage.restore(
        lake.read(LedgerTables.LINEAGE).where(col("run_id").equalTo(runId.text())).collectAsList());
  }

  /** True if a run of this lake has made what is there, so that another one may replace it. */
  private boolean hasWritten(String path, String digest) {
    return lake.exists(LedgerTables.LINEAGE)
        && !lake.read(LedgerTables.LINEAGE)
            .where(
                col("direction")
                    .equalTo("write")
                    .and(col("kind").equalTo("file"))
                    .and(col("name").equalTo(Lineage.fileName(path)))
                    .and(col("digest").equalTo(digest)))
            .isEmpty();
  }

  /** Makes a folder outside the lake's tables and registry. */
  void makeFolder(String path) {
    lake.outside(registry).makeFolder(path);
  }

  /** Takes a folder outside the lake's tables and registry for one kind of output. */
  void takeFolder(String path) {
    lake.outside(registry).takeFolder(path);
  }

  /** Tries a file outside the lake's tables and registry. */
  void requireFile(String path) {
    lake.outside(registry).requireFile(path);
  }

  /** Copies a file of this machine to a folder in a bucket. */
  void upload(Path file, String target) throws IOException {
    lake.outside(registry).upload(file, target);
  }

  /** Copies a file of a bucket to this machine, if there is one. */
  void download(String source, Path file) throws IOException {
    lake.outside(registry).download(source, file);
  }

  /** Writes lines to a file outside the lake; returns how many there were. */
  public long exportLines(Iterator<String> lines, String path, boolean array) throws IOException {
    return lake.outside(registry)
        .writeLines(
            lines,
            path,
            array,
            there -> hasWritten(path, there),
            (digest, rows) -> announce(path, digest, rows));
  }

  public long replace(TableRows rows) {
    return replace(rows.table(), rows.dataset(lake.spark()));
  }
}
