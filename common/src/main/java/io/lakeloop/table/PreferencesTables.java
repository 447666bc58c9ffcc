package io.lakeloop.table;

import static io.lakeloop.table.Column.optional;
import static io.lakeloop.table.Column.required;
import static io.lakeloop.table.Types.MESSAGES;
import static io.lakeloop.table.Types.VERSIONS;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;

import java.util.List;

/** Training pairs and the immutable data sets that they form. */
public final class PreferencesTables {
  private PreferencesTables() {}

  public static final Table PREFERENCES =
      Table.of(
              "preferences",
              "snapshot_id",
              "build-preferences",
              "One training pair.",
              required(
                  "snapshot_id",
                  StringType,
                  "dataset_snapshots.snapshot_id, which is the run that built it"),
              required("item_id", StringType, "labeled item, or digest of the imported pair"),
              optional(
                  "messages",
                  MESSAGES,
                  "all that was said before the answers, oldest first; null where prompt is all"),
              required("prompt", StringType, "what the user wrote last"),
              required("chosen", StringType, "the answer preferred"),
              required("rejected", StringType, "the other answer"),
              required("p_chosen", DoubleType, "probability that chosen is the better one"),
              required("weight", DoubleType, "share of the pair in the loss"),
              required("margin", DoubleType, "by how much chosen is better, reward units"),
              optional("product", StringType, "product or flow that it is about"),
              required("split", StringType, "train or test"),
              required("labels", LongType, "labels that it rests on"))
          .check("probability_share", "p_chosen BETWEEN 0 AND 1")
          .check("weight_positive", "weight > 0")
          .check("split_known", "split IN ('train', 'test')");

  public static final Table DATASET_SNAPSHOTS =
      Table.of(
          "dataset_snapshots",
          "snapshot_id",
          "build-preferences",
          "One immutable data set.",
          required("snapshot_id", StringType, "the run that built it"),
          required("dataset", StringType, "table that holds its rows"),
          required("source_versions", VERSIONS, "Delta versions of the tables it was built from"),
          optional("from_time", TimestampType, "earliest record, UTC"),
          optional("to_time", TimestampType, "latest record, UTC"),
          required("consent_status", StringType, "what consent its rows have"),
          required("anonymisation_status", StringType, "what was done to personal data"),
          required("intended_use", StringType, "what it may be used for"),
          required("rows", LongType, "rows"),
          required("digest", StringType, "SHA-256 over the digests of its rows, in whatever order"),
          required("created_at", TimestampType, "start of the run, UTC"));

  static List<Table> all() {
    return List.of(PREFERENCES, DATASET_SNAPSHOTS);
  }
}
