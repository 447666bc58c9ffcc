package io.lakeloop.table;

import static io.lakeloop.table.Column.optional;
import static io.lakeloop.table.Column.required;
import static io.lakeloop.table.Types.INPUTS;
import static io.lakeloop.table.Types.VERSIONS;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;

import java.util.List;

/** Who ran what, when, with which settings, reading and writing what. */
public final class LedgerTables {
  private LedgerTables() {}

  public static final Table RUNS =
      Table.of(
              "runs",
              "run_id",
              "any job",
              "One run of one job.",
              required("run_id", StringType, "logical run; a retry keeps it"),
              required("job", StringType, "job"),
              required("environment", StringType, "local, dev, staging or prod"),
              required("status", StringType, "STARTED, SUCCEEDED or FAILED"),
              required("started_at", TimestampType, "first attempt, UTC"),
              optional("finished_at", TimestampType, "last attempt, UTC"),
              required("config", StringType, "resolved settings, JSON"),
              required("config_digest", StringType, "SHA-256 of config"),
              required(
                  "pinned",
                  VERSIONS,
                  "Delta versions of tables, versions of models, sizes and digests of files, as the"
                      + " first attempt found them; published once an attempt has succeeded"),
              required("code_version", StringType, "version of the code"),
              optional("error_code", StringType, "why it failed, as a code"),
              optional("error", StringType, "why it failed"),
              required("rows_read", LongType, "records that the job took in"),
              required("rows_written", LongType, "rows written to tables"),
              optional(
                  "inputs",
                  INPUTS,
                  "by file that it took in: records found = written + quarantined + superseded; a run that"
                      + " failed wrote none"),
              optional(
                  "driver",
                  StringType,
                  "host and process of the last attempt's driver, which held the run's lease"),
              optional("cost", DoubleType, "cost, where a price is configured"))
          .check("status_known", "status IN ('STARTED', 'SUCCEEDED', 'FAILED')");

  public static final Table LINEAGE =
      Table.of(
              "lineage",
              "run_id",
              "any job",
              "One edge: a run read or wrote one version of one thing.",
              required("run_id", StringType, "run that wrote the row"),
              required("direction", StringType, "read or write"),
              required("kind", StringType, "table, model or file"),
              required("name", StringType, "which"),
              optional("version", StringType, "Delta version or model version"),
              optional("slice", StringType, "slice of the table; null for all of it"),
              optional("digest", StringType, "SHA-256, of models and files"))
          .check("direction_known", "direction IN ('read', 'write')");

  static List<Table> all() {
    return List.of(RUNS, LINEAGE);
  }
}
