package io.lakeloop.table;

import java.util.List;
import org.apache.spark.sql.SparkSession;

/** Questions that people ask of several tables at once, by a name of their own. */
final class Views {
  private Views() {}

  private static final String RETENTION_IMPACT =
      """
      CREATE OR REPLACE TEMPORARY VIEW retention_impact AS
      SELECT i.*, s.intended_use, s.created_at AS snapshot_at
      FROM deletion_impact i LEFT JOIN dataset_snapshots s USING (snapshot_id)
      """;

  /** What pairs of one snapshot the other lacks, has besides, or has otherwise. */
  private static final String SNAPSHOT_DIFF =
      """
      CREATE OR REPLACE TEMPORARY VIEW snapshot_diff AS
      WITH compared AS (
        SELECT f.snapshot_id AS from_snapshot, t.snapshot_id AS to_snapshot
        FROM dataset_snapshots f JOIN dataset_snapshots t ON f.snapshot_id <> t.snapshot_id),
      old AS (
        SELECT c.from_snapshot, c.to_snapshot, p.*
        FROM compared c JOIN preferences p ON p.snapshot_id = c.from_snapshot),
      new AS (
        SELECT c.from_snapshot, c.to_snapshot, p.*
        FROM compared c JOIN preferences p ON p.snapshot_id = c.to_snapshot)
      SELECT o.from_snapshot, o.to_snapshot, o.item_id,
        IF(n.item_id IS NULL, 'removed', 'changed') AS change,
        o.chosen AS from_chosen, n.chosen AS to_chosen,
        o.p_chosen AS from_p_chosen, n.p_chosen AS to_p_chosen,
        o.weight AS from_weight, n.weight AS to_weight,
        o.margin AS from_margin, n.margin AS to_margin,
        o.split AS from_split, n.split AS to_split
      FROM old o LEFT JOIN new n
        ON o.from_snapshot = n.from_snapshot AND o.to_snapshot = n.to_snapshot
        AND o.item_id = n.item_id
      WHERE n.item_id IS NULL
        OR (o.prompt, o.chosen, o.rejected, o.p_chosen, o.weight, o.margin, o.split)
          <> (n.prompt, n.chosen, n.rejected, n.p_chosen, n.weight, n.margin, n.split)
      UNION ALL
      SELECT n.from_snapshot, n.to_snapshot, n.item_id, 'added',
        NULL, n.chosen, NULL, n.p_chosen, NULL, n.weight, NULL, n.margin, NULL, n.split
      FROM new n LEFT ANTI JOIN old o
        ON o.from_snapshot = n.from_snapshot AND o.to_snapshot = n.to_snapshot
        AND o.item_id = n.item_id
      """;

  /** Creates those whose tables are there. */
  static void create(SparkSession spark, List<Table> present) {
    if (present.contains(RetentionTables.DELETION_IMPACT)
        && present.contains(PreferencesTables.DATASET_SNAPSHOTS)) {
      spark.sql(RETENTION_IMPACT);
    }
    if (present.contains(PreferencesTables.DATASET_SNAPSHOTS)
        && present.contains(PreferencesTables.PREFERENCES)) {
      spark.sql(SNAPSHOT_DIFF);
    }
  }
}
