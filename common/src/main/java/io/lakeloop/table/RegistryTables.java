package io.lakeloop.table;

import static io.lakeloop.table.Column.optional;
import static io.lakeloop.table.Column.required;
import static io.lakeloop.table.Types.STRINGS;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;

import java.util.List;

/** Published models and the aliases that point to them. */
public final class RegistryTables {
  private RegistryTables() {}

  public static final Table MODEL_VERSIONS =
      Table.of(
              "model_versions",
              "run_id",
              "train-sft",
              "One published model version.",
              required("run_id", StringType, "run that wrote the row"),
              required("model", StringType, "model"),
              required("version", IntegerType, "version, from 1"),
              required("kind", StringType, "what it is"),
              required("digest", StringType, "SHA-256 of its manifest files"),
              required("parents", STRINGS, "model/version that it was trained from"),
              optional(
                  "snapshot_id",
                  StringType,
                  "dataset_snapshots.snapshot_id that it was trained on"),
              required("config_digest", StringType, "SHA-256 of the settings"),
              required("code_version", StringType, "version of the code"),
              required("seed", LongType, "seed of its randomness"),
              required("created_at", TimestampType, "start of the run, UTC"),
              required("status", StringType, "published"),
              optional("manifest_digest", StringType, "SHA-256 of manifest.json itself"))
          .check("version_from_1", "version >= 1");

  public static final Table ALIAS_EVENTS =
      Table.of(
          "alias_events",
          "run_id",
          "promote",
          "One move of an alias.",
          required("run_id", StringType, "run that wrote the row"),
          required("model", StringType, "model"),
          required("alias", StringType, "alias"),
          optional("from_version", IntegerType, "version it pointed to"),
          required("to_version", IntegerType, "version it points to"),
          required("actor", StringType, "who moved it"),
          required("evidence_run", StringType, "run whose evaluations allowed it"),
          required("reason", StringType, "why"),
          required("at", TimestampType, "start of the run, UTC"));

  public static final Table PROMOTIONS =
      Table.of(
          "promotions",
          "run_id",
          "promote",
          "One model version that came from another environment.",
          required("run_id", StringType, "run of the other environment that copied it"),
          required("model", StringType, "model"),
          required("version", IntegerType, "version, the same there and here"),
          required("digest", StringType, "SHA-256 of its manifest files, verified on both sides"),
          required("manifest", StringType, "its manifest, JSON"),
          required("from_environment", StringType, "where it came from"),
          required("to_environment", StringType, "this environment"),
          required("role", StringType, "promoted, or parent: what the promoted one came from"),
          required("approver", StringType, "who answers for it"),
          required("evidence_run", StringType, "run there whose evaluations allowed it"),
          required("reason", StringType, "why"),
          required("at", TimestampType, "start of the run, UTC"));

  public static final Table PROMOTED_LINEAGE =
      Table.of(
          "promoted_lineage",
          "run_id",
          "promote",
          "One edge of the lineage that came along with a promoted model version.",
          required("run_id", StringType, "run that copied it"),
          required("source_run_id", StringType, "run of the other environment that has the edge"),
          required("direction", StringType, "read or write"),
          required("kind", StringType, "table, model or file"),
          required("name", StringType, "which"),
          optional("version", StringType, "Delta version there, or model version"),
          optional("slice", StringType, "slice of the table; null for all of it"),
          optional("digest", StringType, "SHA-256, of models and files"));

  static List<Table> all() {
    return List.of(MODEL_VERSIONS, ALIAS_EVENTS, PROMOTIONS, PROMOTED_LINEAGE);
  }
}
