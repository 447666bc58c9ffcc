package io.lakeloop.table;

import static io.lakeloop.table.Column.optional;
import static io.lakeloop.table.Column.required;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was deleted, and what had been made from it. */
public final class RetentionTables {
  private RetentionTables() {}

  public static final Table DELETIONS =
      Table.of(
              "deletions",
              "run_id",
              "enforce-retention",
              "What one run deleted from one table, for one reason.",
              required("run_id", StringType, "run that deleted"),
              required("reason", StringType, "expired, or asked by a subject"),
              optional("subject_key", StringType, "who asked; null where rows were too old"),
              required("table_name", StringType, "table that the rows were in"),
              required("rows", LongType, "rows deleted"),
              required("at", TimestampType, "start of the run, UTC"))
          .check("reason_known", "reason IN ('expired', 'asked')");

  public static final Table DELETION_IMPACT =
      Table.of(
          "deletion_impact",
          "run_id",
          "enforce-retention",
          "A snapshot that held what one run deleted, and a model version that was made from it.",
          required("run_id", StringType, "run that deleted"),
          required("reason", StringType, "expired, or asked by a subject"),
          optional("subject_key", StringType, "who asked; null where rows were too old"),
          required("snapshot_id", StringType, "snapshot that held pairs or prompts of it"),
          required("pairs", LongType, "pairs of the snapshot that were deleted"),
          optional("model", StringType, "model trained on the snapshot, or on such a model"),
          optional("version", IntegerType, "version of the model"),
          required("at", TimestampType, "start of the run, UTC"));

  /**
   * Tables that rows are deleted from when they are old or somebody asks for it, with the column of
   * their time; null where it is the start of the run that wrote.
   */
  public static final Map<Table, String> TIMES = times();

  private static Map<Table, String> times() {
    Map<Table, String> times = new LinkedHashMap<>();
    times.put(FeedbackTables.INTERACTIONS_RAW, "received_at");
    times.put(FeedbackTables.INTERACTIONS, "created_at");
    times.put(FeedbackTables.QUARANTINE, null);
    times.put(LabelingTables.LABELING_QUEUE, "created_at");
    times.put(LabelingTables.LABELS, "submitted_at");
    times.put(LabelingTables.ITEM_CONSENSUS, null);
    times.put(PreferencesTables.PREFERENCES, null);
    times.put(TrainingTables.TRAJECTORIES, null);
    times.put(EvaluationTables.JUDGMENTS, null);
    return Collections.unmodifiableMap(times);
  }

  static List<Table> all() {
    return List.of(DELETIONS, DELETION_IMPACT);
  }
}
