package io.lakeloop.feedback.retention;

import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static io.lakeloop.table.LedgerTables.LINEAGE;
import static io.lakeloop.table.PreferencesTables.PREFERENCES;
import static io.lakeloop.table.RegistryTables.MODEL_VERSIONS;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;

import io.lakeloop.run.JobContext;
import io.lakeloop.table.RetentionTables;
import io.lakeloop.table.TableRows;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Snapshots that held rows which are deleted, and the model versions that came of them. */
final class Impact {
  private final JobContext context;
  private final TableRows rows = new TableRows(RetentionTables.DELETION_IMPACT);
  private List<Row> versions;
  private Map<String, String> interactionsByRun;

  Impact(JobContext context) {
    this.context = context;
  }

  TableRows rows() {
    return rows;
  }

  /** Notes what interactions went into: pairs by way of the labeling queue, and SFT directly. */
  void ofInteractions(Dataset<Row> interactions, String reason, String subjectKey) {
    if (interactions.isEmpty()) {
      return;
    }
    Dataset<Row> ids = interactions.select(col("interaction_id").as("own"));
    Dataset<Row> queue =
        context
            .tables()
            .readOrEmpty(LABELING_QUEUE)
            .withColumn("of", explode(array(col("interaction_a"), col("interaction_b"))));
    Dataset<Row> items =
        queue
            .join(ids, queue.col("of").equalTo(ids.col("own")))
            .select(col("item_id").as("doomed_item"))
            .distinct();
    Dataset<Row> pairs = context.tables().readOrEmpty(PREFERENCES);
    ofPairs(
        pairs.join(items, pairs.col("item_id").equalTo(items.col("doomed_item")), "left_semi"),
        reason,
        subjectKey);
    Map<String, List<Row>> direct = new TreeMap<>();
    for (Row version : versions()) {
      String read = interactionsByRun().get(version.<String>getAs("run_id"));
      if (read != null) {
        direct.computeIfAbsent("interactions@" + read, any -> new ArrayList<>()).add(version);
      }
    }
    direct.forEach((source, of) -> add(source, 0, of, reason, subjectKey));
  }

  /** Notes what pairs went into. */
  void ofPairs(Dataset<Row> pairs, String reason, String subjectKey) {
    for (Row snapshot :
        pairs.groupBy("snapshot_id").count().orderBy("snapshot_id").collectAsList()) {
      String id = snapshot.getString(0);
      List<Row> trained =
          versions().stream().filter(v -> id.equals(v.<String>getAs("snapshot_id"))).toList();
      add(id, snapshot.getLong(1), trained, reason, subjectKey);
    }
  }

  private void add(String source, long pairs, List<Row> trained, String reason, String subjectKey) {
    TreeSet<String> all = withDescendants(trained);
    if (all.isEmpty()) {
      note(source, pairs, null, reason, subjectKey);
    }
    all.forEach(version -> note(source, pairs, version, reason, subjectKey));
  }

  private void note(String source, long pairs, String version, String reason, String subjectKey) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("reason", reason);
    row.put("subject_key", subjectKey);
    row.put("snapshot_id", source);
    row.put("pairs", pairs);
    if (version != null) {
      int slash = version.lastIndexOf('/');
      row.put("model", version.substring(0, slash));
      row.put("version", Integer.parseInt(version.substring(slash + 1)));
    }
    row.put("at", context.startedAt());
    rows.add(row);
  }

  private static String name(Row version) {
    return version.getAs("model") + "/" + version.getAs("version");
  }

  /** The versions, those trained from them, and so on. */
  private TreeSet<String> withDescendants(List<Row> trained) {
    TreeSet<String> found = new TreeSet<>();
    Deque<String> open = new ArrayDeque<>();
    trained.forEach(version -> open.add(name(version)));
    while (!open.isEmpty()) {
      String parent = open.poll();
      if (found.add(parent)) {
        versions().stream()
            .filter(version -> version.getList(version.fieldIndex("parents")).contains(parent))
            .forEach(version -> open.add(name(version)));
      }
    }
    return found;
  }

  private List<Row> versions() {
    if (versions == null) {
      versions =
          context
              .tables()
              .readOrEmpty(MODEL_VERSIONS)
              .select("run_id", "model", "version", "snapshot_id", "parents")
              .collectAsList();
    }
    return versions;
  }

  /** Version of interactions that each run read. */
  private Map<String, String> interactionsByRun() {
    if (interactionsByRun == null) {
      interactionsByRun = new HashMap<>();
      context
          .tables()
          .readOrEmpty(LINEAGE)
          .where("direction = 'read' AND kind = 'table' AND name = 'interactions'")
          .select("run_id", "version")
          .collectAsList()
          .forEach(row -> interactionsByRun.put(row.getString(0), row.getString(1)));
    }
    return interactionsByRun;
  }
}
