package io.lakeloop.feedback.preferences;

import static org.apache.spark.sql.functions.array_contains;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;

import io.lakeloop.table.Table;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Where pairs come from: which conversations, when, with what consent, and how redacted. */
public final class Provenance {
  private static final String NO_NAMES = "\"name-model\":\"\"";

  private final Dataset<Row> interactions;
  private final Dataset<Row> runs;

  /**
   * @param interactions all, of which pairs name two each, or none
   * @param runs the ledger, which knows how they were cleaned
   */
  public Provenance(Dataset<Row> interactions, Dataset<Row> runs) {
    this.interactions = interactions;
    this.runs = runs;
  }

  public Dataset<Row> interactions() {
    return interactions;
  }

  /**
   * The pairs whose users all allow training, with conversation_a and conversation_b; pairs that
   * name no interactions were imported, and are let through.
   *
   * @param pairs with interaction_a and interaction_b
   */
  public Dataset<Row> allowed(Dataset<Row> pairs) {
    Column training =
        coalesce(array_contains(col("consent_uses"), "training"), col("consent"))
            .and(col("consent"));
    Dataset<Row> logged =
        interactions.select(col("interaction_id"), col("conversation_id"), training.as("training"));
    for (String side : List.of("a", "b")) {
      pairs =
          pairs.join(
              logged.select(
                  col("interaction_id").as("interaction_" + side),
                  col("conversation_id").as("conversation_" + side),
                  col("training").as("training_" + side)),
              scala.collection.JavaConverters.asScalaBuffer(List.of("interaction_" + side)).toSeq(),
              "left");
    }
    return pairs
        .where(
            "(interaction_a IS NULL OR coalesce(training_a, false))"
                + " AND (interaction_b IS NULL OR coalesce(training_b, false))")
        .drop("training_a", "training_b");
  }

  /**
   * What is true of all pairs.
   *
   * @param sources tables that they were built from
   */
  public Snapshots.Description describe(
      Dataset<Row> pairs, List<Table> sources, String intendedUse) {
    Dataset<Row> used =
        pairs
            .select(col("interaction_a").as("used"))
            .union(pairs.select(col("interaction_b")))
            .where("used IS NOT NULL")
            .distinct()
            .join(interactions, col("used").equalTo(col("interaction_id")));
    Row facts =
        used.selectExpr(
                "min(created_at)",
                "max(created_at)",
                "count(DISTINCT conversation_id)",
                "count_if(size(pii_types) > 0)",
                "count(*)")
            .first();
    long answers = facts.getLong(4);
    if (answers == 0) {
      return new Snapshots.Description(
          sources, null, null, "as of the source", "as of the source", intendedUse);
    }
    long namesLeft =
        used.select(col("run_id"))
            .distinct()
            .join(runs.select(col("run_id"), col("config")), "run_id")
            .where(col("config").contains(NO_NAMES))
            .count();
    return new Snapshots.Description(
        sources,
        facts.getTimestamp(0),
        facts.getTimestamp(1),
        String.format(
            Locale.ROOT, "training allowed in all of %,d conversations", facts.getLong(2)),
        String.format(
            Locale.ROOT,
            "pattern-type personal data replaced in %,d of %,d answers; names %s",
            facts.getLong(3),
            answers,
            namesLeft > 0 ? "not covered" : "replaced by a model"),
        intendedUse);
  }
}
