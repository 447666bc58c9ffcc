package io.lakeloop.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.delta.tables.DeltaTable;
import io.delta.tables.DeltaTableBuilder;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import io.lakeloop.s3.BucketFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.delta.DeltaLog;
import org.apache.spark.sql.delta.DeltaOperations;
import org.apache.spark.sql.delta.OptimisticTransaction;
import org.apache.spark.sql.delta.Snapshot;
import org.apache.spark.sql.delta.actions.Action;
import org.apache.spark.sql.delta.actions.AddFile;
import org.apache.spark.sql.delta.actions.Metadata;
import org.apache.spark.sql.functions;
import scala.Console;
import scala.Option;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** The Delta tables below one folder: the only place that reads and writes them. */
public final class Lake {
  private static final int SCHEMA_VERSION = 1;

  /** What Delta calls commits that take rows away. */
  private static final Set<String> DELETING = Set.of("DELETE", "MERGE");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final SparkSession spark;
  private final String root;

  /**
   * @param root folder or bucket prefix of the lake
   */
  public Lake(SparkSession spark, String root) {
    this.spark = spark;
    this.root = root;
  }

  public SparkSession spark() {
    return spark;
  }

  public String root() {
    return root;
  }

  private String path(Table table) {
    return root + "/tables/" + table.name();
  }

  public boolean exists(Table table) {
    return understood(table, () -> DeltaTable.isDeltaTable(spark, path(table)));
  }

  /** Whether Delta threw it while it looked through a table's log. */
  private static boolean isOfLog(Throwable root) {
    return Arrays.stream(root.getStackTrace())
        .map(StackTraceElement::getClassName)
        .anyMatch(name -> name.startsWith("org.apache.spark.sql.delta."));
  }

  /** Latest version of the table, empty where it does not exist. */
  public OptionalLong version(Table table) {
    return exists(table) ? OptionalLong.of(snapshot(table).version()) : OptionalLong.empty();
  }

  /** Costs a listing of the table's log, where asking for history costs a Spark job. */
  private Snapshot snapshot(Table table) {
    return understood(
        table,
        () -> DeltaLog.forTable(spark, path(table)).update(false, Option.empty(), Option.empty()));
  }

  /** Delta trusts that all in its log is its own. */
  private <T> T understood(Table table, Supplier<T> read) {
    try {
      return read.get();
    } catch (RuntimeException e) {
      if (BucketFailure.of(e).or(() -> StorageFailure.of(e)).isPresent()
          || spark.sparkContext().isStopped()
          || !isOfLog(RootCause.of(e))) {
        throw e;
      }
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot read the table %s: Delta does not understand what lies in %s/_delta_log (%s). Move"
              + " away what no job has written there, or restore the folder from a copy.",
          table.name(),
          path(table),
          RootCause.line(RootCause.of(e)));
    }
  }

  /** Reads the table as it was at the version. */
  public Dataset<Row> read(Table table, long version) {
    return GrownColumns.of(
        table,
        understood(
            table,
            () -> spark.read().format("delta").option("versionAsOf", version).load(path(table))));
  }

  /**
   * @throws UserError INPUT_MISSING if the table does not exist, naming the job that writes it
   */
  public Dataset<Row> read(Table table) {
    if (!exists(table)) {
      throw missing(table);
    }
    return GrownColumns.of(
        table, understood(table, () -> spark.read().format("delta").load(path(table))));
  }

  /** The error of a table that is not there. */
  public UserError missing(Table table) {
    return new UserError(
        ErrorCode.INPUT_MISSING,
        "Cannot read %s: the lake %s has no such table. Run %s first.",
        table.name(),
        root,
        table.writtenBy());
  }

  /** An empty dataset with the table's schema. */
  public Dataset<Row> empty(Table table) {
    return spark.createDataFrame(List.of(), table.schema());
  }

  /** What a write left behind. */
  public record Commit(long version, long rows) {}

  /**
   * Replaces one slice of the table in one commit, making the table where it is missing. Columns
   * are matched by name; nullable ones may be left out.
   *
   * @param slice value of the table's slice column; rows with another one fail the write
   * @param userMetadata kept in the commit
   */
  public Commit replace(Table table, Name slice, Dataset<Row> rows, String userMetadata) {
    create(table);
    Dataset<Row> aligned = aligned(table, rows);
    // Appending costs half of replacing, and is the same where the slice was never written.
    DataFrameWriter<Row> writer =
        mayHold(table, slice)
            ? aligned.write().mode("overwrite").option("replaceWhere", isSlice(table, slice))
            : confined(table, slice, aligned).write().mode("append");
    // Where others commit at the same time, ours is the first after this version that is ours.
    long before = version(table).orElseThrow();
    writer
        .format("delta")
        .option("mergeSchema", "true")
        .option("userMetadata", userMetadata)
        .save(path(table));
    return commit(table, before + 1, userMetadata);
  }

  /**
   * Replaces what the caller's last commit made of a slice, in a third of the time: Delta would
   * search all the table's files for the slice's own, which the log tells of, too.
   *
   * @param last the caller's last commit to the table; where somebody has written to the slice
   *     since, it is replaced as by {@link #replace(Table, Name, Dataset, String)}
   */
  public Commit replace(
      Table table, Name slice, Dataset<Row> rows, String userMetadata, Commit last) {
    OptimisticTransaction transaction = DeltaLog.forTable(spark, path(table)).startTransaction();
    Optional<List<AddFile>> files =
        new SliceFiles(table.slice(), slice)
            .asOf(last.version(), transaction.readVersion(), version -> log(table, version));
    if (files.isEmpty()) {
      return replace(table, slice, rows, userMetadata);
    }
    // Who writes to the slice at the same time is found out when this commits.
    Expression slices = functions.col(table.slice()).equalTo(slice.text()).expr();
    transaction.trackReadPredicates(seq(List.of(slices)), true, true);
    Dataset<Row> own = confined(table, slice, aligned(table, rows));
    List<Action> actions =
        new ArrayList<>(JavaConverters.seqAsJavaList(transaction.writeFiles(own)));
    files.get().forEach(file -> actions.add(file.remove()));
    long version =
        transaction.commit(
            seq(actions),
            new DeltaOperations.Write(
                SaveMode.Overwrite,
                Option.apply(seq(List.of(table.slice()))),
                Option.apply(isSlice(table, slice)),
                Option.apply(userMetadata)));
    return commit(table, version, userMetadata);
  }

  /**
   * Appends to one slice of the table in one commit, making the table where it is missing. Delta
   * itself passes over a number that the slice has: of two writers one wins, and a retry writes
   * nothing.
   *
   * @param number from 0, ascending within the slice
   */
  public void append(Table table, Name slice, Dataset<Row> rows, String userMetadata, int number) {
    create(table);
    confined(table, slice, aligned(table, rows))
        .write()
        .mode("append")
        .format("delta")
        .option("mergeSchema", "true")
        .option("userMetadata", userMetadata)
        .option("txnAppId", table.name() + "/" + slice)
        .option("txnVersion", number)
        .save(path(table));
  }

  /** Deletes the rows for which the condition holds. */
  public void delete(Table table, Column condition, String userMetadata) {
    withMetadata(userMetadata, () -> DeltaTable.forPath(spark, path(table)).delete(condition));
  }

  /**
   * Deletes the rows whose column is among the keys.
   *
   * @param keys one column {@code key}, each value once
   */
  public void delete(Table table, String column, Dataset<Row> keys, String userMetadata) {
    withMetadata(
        userMetadata,
        () ->
            DeltaTable.forPath(spark, path(table))
                .as("t")
                .merge(keys.as("k"), "t." + column + " = k.key")
                .whenMatched()
                .delete()
                .execute());
  }

  /** True if rows were deleted behind the version, or if nobody can tell any more. */
  public boolean deletedSince(Table table, long version) {
    long latest = version(table).orElse(version);
    for (long later = version + 1; later <= latest; later++) {
      try {
        if (DELETING.contains(commitInfo(table, later).path("operation").asText())) {
          return true;
        }
      } catch (UncheckedIOException e) {
        // Delta lets go of its log's files when they are old, and of what they said.
        return true;
      }
    }
    return false;
  }

  private void withMetadata(String userMetadata, Runnable commit) {
    String setting = "spark.databricks.delta.commitInfo.userMetadata";
    spark.conf().set(setting, userMetadata);
    try {
      commit.run();
    } finally {
      spark.conf().unset(setting);
    }
  }

  /**
   * Deletes files that no version younger than so many hours needs. Below 168 hours, Delta's own
   * limit, readers and runs that hold older versions lose them.
   */
  public void vacuum(Table table, double hours) {
    String check = "spark.databricks.delta.retentionDurationCheck.enabled";
    spark.conf().set(check, "false");
    try {
      // Delta prints what it has deleted.
      Console.withOut(
          OutputStream.nullOutputStream(),
          () -> DeltaTable.forPath(spark, path(table)).vacuum(hours));
    } finally {
      spark.conf().unset(check);
    }
  }

  /** Writes the rows as a Delta table of their own, as Spark and Delta do it by themselves. */
  public void copy(Dataset<Row> rows, String name) {
    rows.write().format("delta").mode("overwrite").save(root + "/copies/" + name);
  }

  /** The rows of a copy. */
  public Dataset<Row> copied(String name) {
    return spark.read().format("delta").load(root + "/copies/" + name);
  }

  /**
   * Files outside the lake's tables, wherever Hadoop's file systems reach.
   *
   * @param registry where the lake's models lie, in which nothing else is written either
   */
  public OutsideFiles outside(String registry) {
    // What the registry's own client calls s3, Hadoop's calls s3a.
    return new OutsideFiles(
        spark.sparkContext().hadoopConfiguration(),
        List.of(new Path(root, "tables"), new Path(registry.replaceFirst("^s3:", "s3a:"))));
  }

  private FileSystem fileSystem(Path path) throws IOException {
    return path.getFileSystem(spark.sparkContext().hadoopConfiguration());
  }

  /** Deletes the lake with all its tables. */
  public void delete() {
    Path folder = new Path(root);
    try {
      fileSystem(folder).delete(folder, true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** False if the slice was never written: each slice has a folder of its own. */
  public boolean mayHold(Table table, Name slice) {
    Path folder = new Path(path(table), table.slice() + "=" + slice);
    try {
      return fileSystem(folder).exists(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What replaceWhere checks when it replaces, checked when appending. */
  private static Dataset<Row> confined(Table table, Name slice, Dataset<Row> rows) {
    Column own = rows.col(table.slice());
    return rows.withColumn(
        table.slice(),
        functions
            .when(own.equalTo(slice.text()), own)
            .otherwise(
                functions.raise_error(
                    functions.lit(
                        "a row of " + table.name() + " lies outside the slice " + slice))));
  }

  private Commit commit(Table table, long from, String userMetadata) {
    long latest = version(table).orElseThrow();
    for (long version = from; version <= latest; version++) {
      JsonNode info = commitInfo(table, version);
      if (info.path("userMetadata").asText().equals(userMetadata)) {
        return new Commit(version, info.path("operationMetrics").path("numOutputRows").asLong());
      }
    }
    // Delta makes no commit where nothing is added and nothing is removed.
    return new Commit(latest, 0);
  }

  private JsonNode commitInfo(Table table, long version) {
    try {
      for (String line : log(table, version)) {
        JsonNode action = JSON.readTree(line);
        if (action.has("commitInfo")) {
          return action.get("commitInfo");
        }
      }
      throw new IllegalStateException(
          "Version " + version + " of " + table.name() + " holds no commitInfo.");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the table's log says of a version, an action a line. */
  private List<String> log(Table table, long version) {
    Path file = new Path(path(table), String.format(Locale.ROOT, "_delta_log/%020d.json", version));
    try (InputStream in = fileSystem(file).open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Dataset<Row> aligned(Table table, Dataset<Row> rows) {
    List<String> present = List.of(rows.columns());
    return rows.select(
        table.columns().stream()
            .map(
                column ->
                    (present.contains(column.name())
                            ? rows.col(column.name())
                            : functions.lit(null))
                        .cast(column.type())
                        .as(column.name()))
            .toArray(Column[]::new));
  }

  private void create(Table table) {
    if (exists(table)) {
      keepTextOutOfStatistics(table);
      return;
    }
    DeltaTableBuilder builder =
        DeltaTable.createIfNotExists(spark)
            .location(path(table))
            .comment(table.comment())
            // A slice is written and replaced whole: as a partition it costs no scan, and runs that
            // write different slices at the same time never conflict.
            .partitionedBy(table.slice())
            .property("lakeloop.schemaVersion", String.valueOf(SCHEMA_VERSION));
    Setting statistics = Setting.statistics(table.statistics());
    builder.property(statistics.key(), statistics.value());
    for (io.lakeloop.table.Column column : table.columns()) {
      builder.addColumn(
          DeltaTable.columnBuilder(spark, column.name())
              .dataType(column.type())
              .nullable(column.nullable())
              .comment(column.comment())
              .build());
    }
    table
        .checks()
        .forEach((name, expression) -> builder.property("delta.constraints." + name, expression));
    builder.execute();
  }

  private static <T> Seq<T> seq(List<T> list) {
    return JavaConverters.asScalaBuffer(list).toSeq();
  }

  private static String isSlice(Table table, Name slice) {
    return table.slice() + " = " + literal(slice.text());
  }

  /** The text as SQL reads it back, for the places that take no column expression. */
  private static String literal(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }

  /** A property of a Delta table. */
  private record Setting(String key, String value) {
    static Setting statistics(List<String> columns) {
      return columns.isEmpty()
          ? new Setting("delta.dataSkippingNumIndexedCols", "0")
          : new Setting("delta.dataSkippingStatsColumns", String.join(",", columns));
    }
  }

  /** Tables of earlier versions kept the beginnings of texts, and may lack a column yet. */
  private void keepTextOutOfStatistics(Table table) {
    Metadata metadata = snapshot(table).metadata();
    List<String> present = List.of(metadata.schema().fieldNames());
    Setting wanted =
        Setting.statistics(table.statistics().stream().filter(present::contains).toList());
    if (!metadata.configuration().get(wanted.key()).contains(wanted.value())) {
      spark.sql(
          "ALTER TABLE delta.`%s` SET TBLPROPERTIES ('%s' = '%s')"
              .formatted(path(table).replace("`", "``"), wanted.key(), wanted.value()));
    }
  }

  /**
   * The name under which SQL knows the lake: each has a database of its own in the one catalogue.
   */
  String database() {
    return "lake_" + Digest.of(root).substring(0, 12);
  }

  /**
   * Makes every table of the lake known to this session's SQL by its plain name, and no other
   * lake's; returns those that exist.
   */
  public List<Table> register() {
    List<Table> present = Catalogue.tables().stream().filter(this::exists).toList();
    if (present.isEmpty()) {
      return present;
    }
    spark.sql(
        "CREATE DATABASE IF NOT EXISTS %s LOCATION %s"
            .formatted(database(), literal(root + "/tables")));
    spark.catalog().setCurrentDatabase(database());
    for (Table table : present) {
      understood(
          table,
          () ->
              spark.sql(
                  "CREATE TABLE IF NOT EXISTS %s USING delta LOCATION %s"
                      .formatted(table.name(), literal(path(table)))));
    }
    Views.create(spark, present);
    return present;
  }
}
