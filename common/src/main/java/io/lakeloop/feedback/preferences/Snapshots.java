package io.lakeloop.feedback.preferences;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.chat.Conversation;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.reward.PreferencePair;
import io.lakeloop.run.JobContext;
import io.lakeloop.table.Messages;
import io.lakeloop.table.PreferencesTables;
import io.lakeloop.table.Table;
import io.lakeloop.table.TableRows;
import java.sql.Timestamp;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Immutable sets of preference pairs. */
public final class Snapshots {
  private static final String ALL_PRODUCTS = "all";

  private Snapshots() {}

  /**
   * What is true of all pairs of a snapshot.
   *
   * @param sources tables that it was built from; files stand in the run's lineage
   * @param from earliest record, or null
   * @param to latest record, or null
   */
  public record Description(
      List<Table> sources,
      Timestamp from,
      Timestamp to,
      String consentStatus,
      String anonymisationStatus,
      String intendedUse) {}

  /**
   * Writes the pairs, and last the row by which they can be found.
   *
   * @param pairs columns of preferences but snapshot_id
   * @return how many pairs there are
   * @throws UserError DATA_EMPTY if there are none
   */
  public static long publish(JobContext context, Dataset<Row> pairs, Description description) {
    Dataset<Row> rows =
        pairs
            .withColumn("snapshot_id", lit(context.runId()))
            .select(
                PreferencesTables.PREFERENCES.columns().stream()
                    .map(column -> col(column.name()))
                    .toArray(org.apache.spark.sql.Column[]::new))
            .cache();
    if (rows.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot build a snapshot: no pair is left. Collect more labels, or lower"
              + " labels.min-probability.");
    }
    long count = context.tables().replace(PreferencesTables.PREFERENCES, rows);
    Map<String, String> versions = new HashMap<>();
    description
        .sources()
        .forEach(table -> versions.put(table.name(), context.tables().pinnedVersion(table)));
    Map<String, Object> row = new HashMap<>();
    row.put("snapshot_id", context.runId());
    row.put("dataset", PreferencesTables.PREFERENCES.name());
    row.put("source_versions", versions);
    row.put("from_time", description.from());
    row.put("to_time", description.to());
    row.put("consent_status", description.consentStatus());
    row.put("anonymisation_status", description.anonymisationStatus());
    row.put("intended_use", context.shown(description.intendedUse()));
    row.put("rows", count);
    row.put("digest", PreferenceBuilder.digest(rows));
    row.put("created_at", context.startedAt());
    context.tables().replace(new TableRows(PreferencesTables.DATASET_SNAPSHOTS).add(row));
    long test = rows.where("split = 'test'").count();
    context.say("snapshot %s: %,d pairs, %,d of them held out", context.runId(), count, test);
    rows.unpersist();
    return count;
  }

  /**
   * Returns the id, which may be {@code latest}.
   *
   * @throws UserError INPUT_MISSING if there is no such snapshot
   */
  public static String resolve(JobContext context, Name snapshot) {
    Dataset<Row> snapshots = context.tables().read(PreferencesTables.DATASET_SNAPSHOTS);
    List<Row> found =
        (snapshot.text().equals("latest")
                ? snapshots.orderBy(col("created_at").desc(), col("snapshot_id").desc()).limit(1)
                : snapshots.where(col("snapshot_id").equalTo(snapshot.text())))
            .select("snapshot_id")
            .collectAsList();
    if (found.isEmpty()) {
      List<String> known =
          snapshots.select("snapshot_id").orderBy("snapshot_id").collectAsList().stream()
              .map(row -> row.getString(0))
              .toList();
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot find the snapshot %s%s. Run build-preferences or import-preferences.",
          snapshot,
          io.lakeloop.config.Suggestion.didYouMean(snapshot.text(), known));
    }
    return found.get(0).getString(0);
  }

  /**
   * Returns the id of a snapshot that may be used for a purpose. What it is intended for is a list
   * with commas; a purpose is covered if it is in the list, with "only" behind it or not, or if the
   * list says any.
   *
   * @throws UserError INPUT_MISSING if there is no such snapshot, USE_NOT_INTENDED if it is for
   *     something else
   */
  public static String resolveFor(JobContext context, Name snapshot, String purpose) {
    String id = resolve(context, snapshot);
    String intended =
        context
            .tables()
            .read(PreferencesTables.DATASET_SNAPSHOTS)
            .where(col("snapshot_id").equalTo(id))
            .first()
            .getAs("intended_use");
    if (!covers(intended, context.shown(purpose))) {
      throw new UserError(
          ErrorCode.USE_NOT_INTENDED,
          "Cannot train on snapshot %s for %s: it may be used for %s. Name another snapshot, or"
              + " build one whose intended-use covers it.",
          id,
          purpose,
          intended);
    }
    return id;
  }

  private static boolean covers(String intended, String purpose) {
    return java.util.Arrays.stream(intended.toLowerCase(java.util.Locale.ROOT).split(","))
        .map(use -> use.strip().replaceAll("\\s+only$", ""))
        .anyMatch(
            use -> use.equals("any") || use.equals(purpose.toLowerCase(java.util.Locale.ROOT)));
  }

  /** Pairs of one split, as rows. */
  public static Dataset<Row> rows(JobContext context, String snapshotId, String split) {
    return context
        .tables()
        .slice(PreferencesTables.PREFERENCES, snapshotId)
        .where(col("split").equalTo(split));
  }

  /**
   * Pairs of one split that are about one product, as rows.
   *
   * @param product {@code all} for every pair
   */
  public static Dataset<Row> rows(
      JobContext context, String snapshotId, String split, String product) {
    Dataset<Row> rows = rows(context, snapshotId, split);
    return product.equals(ALL_PRODUCTS) ? rows : rows.where(col("product").equalTo(product));
  }

  /**
   * Pairs of one split, on the driver, in the order of their ids.
   *
   * @throws UserError DATA_EMPTY if there are none
   */
  public static List<PreferencePair> pairs(JobContext context, String snapshotId, String split) {
    return pairs(context, snapshotId, split, ALL_PRODUCTS);
  }

  /**
   * Pairs of one split that are about one product, on the driver, in the order of their ids.
   *
   * @param product {@code all} for every pair
   * @throws UserError DATA_EMPTY if there are none
   */
  public static List<PreferencePair> pairs(
      JobContext context, String snapshotId, String split, String product) {
    List<PreferencePair> pairs =
        rows(context, snapshotId, split, product)
            .orderBy("item_id", "chosen")
            .select("messages", "prompt", "chosen", "rejected", "p_chosen", "weight", "margin")
            .collectAsList()
            .stream()
            .map(
                row ->
                    new PreferencePair(
                        Messages.read(row),
                        row.getString(2),
                        row.getString(3),
                        row.getDouble(4),
                        row.getDouble(5),
                        row.getDouble(6)))
            .toList();
    context.countRead(pairs.size());
    if (pairs.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot use snapshot %s: its split %s holds no pair%s. Build it with another test-share%s.",
          snapshotId,
          split,
          product.equals(ALL_PRODUCTS) ? "" : " about the product '" + product + "'",
          product.equals(ALL_PRODUCTS) ? "" : ", or name a product that its pairs have");
    }
    return pairs;
  }

  /** What the pairs of one split answer. */
  public static List<Conversation> prompts(JobContext context, String snapshotId, String split) {
    return prompts(pairs(context, snapshotId, split));
  }

  /** What the pairs answer, each once, in an order that is always the same. */
  public static List<Conversation> prompts(List<PreferencePair> pairs) {
    return pairs.stream()
        .map(PreferencePair::before)
        .distinct()
        .sorted(
            Comparator.comparing(Conversation::prompt)
                .thenComparing(before -> Messages.key(before)))
        .toList();
  }
}
