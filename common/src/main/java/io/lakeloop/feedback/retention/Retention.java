package io.lakeloop.feedback.retention;

import static io.lakeloop.table.EvaluationTables.JUDGMENTS;
import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.FeedbackTables.INTERACTIONS_RAW;
import static io.lakeloop.table.FeedbackTables.QUARANTINE;
import static io.lakeloop.table.LabelingTables.ITEM_CONSENSUS;
import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static io.lakeloop.table.LabelingTables.LABELS;
import static io.lakeloop.table.LedgerTables.RUNS;
import static io.lakeloop.table.PreferencesTables.PREFERENCES;
import static io.lakeloop.table.TrainingTables.TRAJECTORIES;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.array_union;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.feedback.logs.RecordSubjects;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.RunTables;
import io.lakeloop.table.Messages;
import io.lakeloop.table.RetentionTables;
import io.lakeloop.table.Table;
import io.lakeloop.table.TableRows;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * Deletes what is too old, and what people asked to have deleted, from every table that holds it.
 * Keys are taken from the tables as they were when the run began, so that a run that was cut off
 * finds the same ones again, and from what other runs have written since.
 */
public final class Retention {
  /** What was said before an answer, as one value. */
  private static final Column SAID = Messages.key(col("messages"), col("prompt"));

  private static final String ASKED = "asked";
  private static final String EXPIRED = "expired";

  private final JobContext context;
  private final RunTables tables;
  private final Impact impact;
  private final TableRows deletions = new TableRows(RetentionTables.DELETIONS);
  private long deleted;

  public Retention(JobContext context) {
    this.context = context;
    this.tables = context.tables();
    this.impact = new Impact(context);
  }

  /** Deletes rows of the table that are older than so many days. */
  public void expire(Table table, int days) {
    Timestamp limit = Timestamp.from(context.startedAt().toInstant().minus(Duration.ofDays(days)));
    String time = RetentionTables.TIMES.get(table);
    Dataset<Row> rows = tables.readWithLater(table);
    long old;
    if (time == null) {
      Dataset<Row> runs =
          tables
              .readOrEmpty(RUNS)
              .where(col("started_at").lt(lit(limit)))
              .select(col("run_id").as("key"));
      if (table.equals(PREFERENCES)) {
        impact.ofPairs(
            rows.join(runs, rows.col("snapshot_id").equalTo(runs.col("key"))), EXPIRED, null);
      }
      old = delete(table, table.slice(), rows, runs.distinct());
    } else {
      Dataset<Row> past = rows.where(col(time).lt(lit(limit)));
      old = past.count();
      if (table.equals(INTERACTIONS_RAW)) {
        // Whose they are cannot be told without the raw records.
        Dataset<Row> keys = past.select(col("record_id").as("key")).distinct();
        Dataset<Row> refused = tables.readWithLater(QUARANTINE);
        note(QUARANTINE, EXPIRED, null, delete(QUARANTINE, "record_id", refused, keys));
      }
      if (table.equals(INTERACTIONS)) {
        impact.ofInteractions(past, EXPIRED, null);
        expireRecordsOf(past);
      }
      if (old > 0) {
        tables.delete(table, col(time).lt(lit(limit)));
      }
    }
    note(table, EXPIRED, null, old);
  }

  /** A raw record that stayed would be cleaned again, and be back. */
  private void expireRecordsOf(Dataset<Row> interactions) {
    Dataset<Row> keys = interactions.select(col("record_id").as("key")).distinct();
    Dataset<Row> raw = tables.readWithLater(INTERACTIONS_RAW);
    note(INTERACTIONS_RAW, EXPIRED, null, delete(INTERACTIONS_RAW, "record_id", raw, keys));
  }

  /**
   * Deletes everything of each person: the records that name them, at any depth, and the turns that
   * hold their words.
   *
   * @param secret by which user ids are hashed: raw records hold the ids themselves
   */
  public void forget(List<String> subjectKeys, byte[] secret) {
    Dataset<Row> asked =
        context.spark().createDataset(subjectKeys, Encoders.STRING()).toDF("subject_key");
    Dataset<Row> records =
        RecordSubjects.of(tables.readWithLater(INTERACTIONS_RAW), secret)
            .join(asked, "subject_key")
            .distinct()
            .persist();
    Dataset<Row> turns = turns(records).join(asked, "subject_key").distinct().persist();
    long unknown = 0;
    for (String subjectKey : subjectKeys) {
      long before = deleted;
      Column isTheirs = col("subject_key").equalTo(subjectKey);
      forget(subjectKey, records.where(isTheirs), turns.where(isTheirs), turns);
      unknown += deleted == before ? 1 : 0;
    }
    turns.unpersist();
    records.unpersist();
    if (unknown > 0) {
      context.say("%,d of %,d people asked for are in no table", unknown, subjectKeys.size());
    }
  }

  /** Columns interaction_id and subject_key: whose words each turn holds. */
  private Dataset<Row> turns(Dataset<Row> records) {
    Dataset<Row> all = tables.readWithLater(INTERACTIONS);
    Column everyone =
        array_union(
            array(col("subject_key")),
            coalesce(col("subject_keys"), array().cast("array<string>")));
    return all.select(col("interaction_id"), explode(everyone).as("subject_key"))
        .union(
            all.drop("subject_key")
                .join(records, "record_id")
                .select("interaction_id", "subject_key"));
  }

  /**
   * @param named records that name the person
   * @param own turns that hold the person's words
   * @param turns those of everyone asked for
   */
  private void forget(String subjectKey, Dataset<Row> named, Dataset<Row> own, Dataset<Row> turns) {
    Dataset<Row> interactions =
        tables
            .readWithLater(INTERACTIONS)
            .join(own.select("interaction_id"), new String[] {"interaction_id"}, "left_semi")
            .persist();
    impact.ofInteractions(interactions, ASKED, subjectKey);
    forgetText(subjectKey, interactions, turns);
    Dataset<Row> records =
        named
            .select(col("record_id").as("key"))
            .union(
                interactions
                    .where(col("subject_key").equalTo(subjectKey))
                    .select(col("record_id").as("key")))
            .distinct()
            .persist();
    forget(QUARANTINE, "record_id", records, subjectKey);
    forget(INTERACTIONS_RAW, "record_id", records, subjectKey);
    records.unpersist();
    forget(
        INTERACTIONS,
        "interaction_id",
        interactions.select(col("interaction_id").as("key")).distinct(),
        subjectKey);
    interactions.unpersist();
  }

  /** What was made of the person's words: items, answers to them, pairs, episodes, judgments. */
  private void forgetText(String subjectKey, Dataset<Row> interactions, Dataset<Row> turns) {
    Dataset<Row> ids = interactions.select(col("interaction_id").as("own"));
    Dataset<Row> queue =
        tables
            .readWithLater(LABELING_QUEUE)
            .withColumn("of", explode(array(col("interaction_a"), col("interaction_b"))));
    Dataset<Row> items =
        queue
            .join(ids, queue.col("of").equalTo(ids.col("own")))
            .select(col("item_id").as("key"))
            .distinct()
            .persist();
    // Two who asked the same would else each keep the other's prompt.
    Dataset<Row> others =
        tables
            .readWithLater(INTERACTIONS)
            .join(turns.select("interaction_id"), new String[] {"interaction_id"}, "left_anti")
            .select(SAID.as("said"), col("prompt"));
    Dataset<Row> gone = interactions.select(SAID.as("said"), col("prompt"));
    Dataset<Row> said = gone.join(others, "said", "left_anti").select("said").distinct().persist();
    Dataset<Row> prompts =
        gone.join(others, "prompt", "left_anti").select("prompt").distinct().persist();
    for (Table table : List.of(JUDGMENTS, TRAJECTORIES)) {
      forget(table, "prompt", promptsOf(table, said, prompts), subjectKey);
    }
    forget(PREFERENCES, "item_id", items, subjectKey);
    forget(ITEM_CONSENSUS, "item_id", items, subjectKey);
    forget(LABELS, "item_id", items, subjectKey);
    forget(LABELING_QUEUE, "item_id", items, subjectKey);
    items.unpersist();
    said.unpersist();
    prompts.unpersist();
  }

  /**
   * Prompts of a table's rows that answer what is gone, by all that was said, or by the prompt
   * where the row knows no more: rows that end in the same words go, too.
   */
  private Dataset<Row> promptsOf(Table table, Dataset<Row> said, Dataset<Row> prompts) {
    Dataset<Row> rows = tables.readWithLater(table);
    Dataset<Row> whole = rows.select(SAID.as("said"), col("prompt").as("key"));
    Dataset<Row> alone = rows.where("messages IS NULL").select(col("prompt"));
    return whole
        .join(said, "said")
        .select("key")
        .union(alone.join(prompts, "prompt").select(col("prompt").as("key")))
        .distinct();
  }

  private void forget(Table table, String column, Dataset<Row> keys, String subjectKey) {
    note(table, ASKED, subjectKey, delete(table, column, tables.readWithLater(table), keys));
  }

  /** Deletes rows whose column is among the keys; returns how many there were. */
  private long delete(Table table, String column, Dataset<Row> rows, Dataset<Row> keys) {
    long doomed = rows.join(keys, rows.col(column).equalTo(keys.col("key")), "left_semi").count();
    if (doomed > 0) {
      tables.delete(table, column, keys);
    }
    return doomed;
  }

  private void note(Table table, String reason, String subjectKey, long rows) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("reason", reason);
    row.put("subject_key", subjectKey);
    row.put("table_name", table.name());
    row.put("rows", rows);
    row.put("at", context.startedAt());
    deletions.add(row);
    deleted += rows;
    if (rows > 0) {
      context.say("%s: %,d rows deleted from %s", reason, rows, table.name());
    }
  }

  /** Writes what was deleted and what had been made from it. */
  public void publish() {
    tables.replace(impact.rows());
    // An attempt that finds deletions written does not look for the rest again.
    tables.keepLineage();
    tables.replace(deletions);
  }

  /** True if an earlier attempt has published; this one then goes on behind that. */
  public boolean isPublished() {
    if (!tables.wrote(RetentionTables.DELETIONS)) {
      return false;
    }
    tables.restoreLineage();
    tables.appended(RetentionTables.DELETION_IMPACT);
    tables.appended(RetentionTables.DELETIONS);
    return true;
  }

  /** Lets go of the files in which deleted rows still lie. */
  public void vacuum(double hours) {
    List<Table> all = List.copyOf(RetentionTables.TIMES.keySet());
    for (int i = 0; i < all.size(); i++) {
      tables.vacuum(all.get(i), hours);
      context.progress("vacuum", i + 1, all.size(), "tables");
    }
  }
}
