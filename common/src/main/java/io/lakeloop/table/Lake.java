package io.lakeloop.table;

import io.delta.tables.DeltaTable;
import io.delta.tables.DeltaTableBuilder;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.util.List;
import java.util.OptionalLong;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** The Delta tables below one folder: the only place that reads and writes them. */
public final class Lake {
  private static final int SCHEMA_VERSION = 1;

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
    return DeltaTable.isDeltaTable(spark, path(table));
  }

  /** Latest version of the table, empty where it does not exist. */
  public OptionalLong version(Table table) {
    return exists(table) ? OptionalLong.of(lastCommit(table).getLong(0)) : OptionalLong.empty();
  }

  private Row lastCommit(Table table) {
    return DeltaTable.forPath(spark, path(table))
        .history(1)
        .select("version", "operationMetrics", "userMetadata")
        .first();
  }

  /** Reads the table as it was at the version. */
  public Dataset<Row> read(Table table, long version) {
    return spark.read().format("delta").option("versionAsOf", version).load(path(table));
  }

  /**
   * @throws UserError INPUT_MISSING if the table does not exist, naming the job that writes it
   */
  public Dataset<Row> read(Table table) {
    if (!exists(table)) {
      throw missing(table);
    }
    return spark.read().format("delta").load(path(table));
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
   * @param slice value of the table's slice column; Delta refuses rows with another one
   * @param userMetadata kept in the commit
   */
  public Commit replace(Table table, String slice, Dataset<Row> rows, String userMetadata) {
    create(table);
    aligned(table, rows)
        .write()
        .format("delta")
        .mode("overwrite")
        .option("replaceWhere", table.slice() + " = '" + slice + "'")
        .option("userMetadata", userMetadata)
        .save(path(table));
    Row commit = lastCommit(table);
    Object written = commit.getJavaMap(1).get("numOutputRows");
    return new Commit(commit.getLong(0), written == null ? 0 : Long.parseLong(written.toString()));
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
      return;
    }
    DeltaTableBuilder builder =
        DeltaTable.createIfNotExists(spark)
            .location(path(table))
            .comment(table.comment())
            .property("lakeloop.schemaVersion", String.valueOf(SCHEMA_VERSION));
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

  /** Makes every table of the lake known to SQL by its plain name; returns those that exist. */
  public List<Table> register() {
    List<Table> present = Catalogue.tables().stream().filter(this::exists).toList();
    for (Table table : present) {
      spark.sql(
          "CREATE TABLE IF NOT EXISTS %s USING delta LOCATION '%s'"
              .formatted(table.name(), path(table).replace("'", "\\'")));
    }
    return present;
  }
}
