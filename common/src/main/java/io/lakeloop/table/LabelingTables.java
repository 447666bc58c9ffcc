package io.lakeloop.table;

import static io.lakeloop.table.Column.optional;
import static io.lakeloop.table.Column.required;
import static io.lakeloop.table.Types.MEASURES;
import static io.lakeloop.table.Types.MESSAGES;
import static io.lakeloop.table.Types.STRINGS;
import static org.apache.spark.sql.types.DataTypes.BooleanType;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;

import java.util.List;

/** What raters were asked and answered, and how far they can be trusted. */
public final class LabelingTables {
  private LabelingTables() {}

  public static final Table LABELING_QUEUE =
      Table.of(
              "labeling_queue",
              "run_id",
              "sample-for-labeling",
              "One item put before raters.",
              required("run_id", StringType, "run that wrote the row"),
              required("item_id", StringType, "digest of the item"),
              optional(
                  "messages",
                  MESSAGES,
                  "all that was said before the answers, oldest first; null where prompt is all"),
              required("prompt", StringType, "what the user wrote last"),
              required("completion_a", StringType, "one answer"),
              required("completion_b", StringType, "the other answer"),
              optional(
                  "interaction_a",
                  StringType,
                  "interactions.interaction_id of a; null for gold questions"),
              optional(
                  "interaction_b",
                  StringType,
                  "interactions.interaction_id of b; null for gold questions"),
              optional("product", StringType, "product or flow that it is about"),
              required("stratum", StringType, "group that the item was drawn from"),
              required("reason", StringType, "why it was drawn"),
              required(
                  "inclusion_probability",
                  DoubleType,
                  "chance that an item of its stratum was drawn"),
              required("priority", DoubleType, "higher goes first"),
              required("is_gold", BooleanType, "the answer is known"),
              optional(
                  "gold_value",
                  StringType,
                  "the known answer, as a label's value: a, b or tie in the desk's question"),
              optional("is_holdout", BooleanType, "drawn with equal probability, never boosted"),
              optional("repeat_of", StringType, "item that this one asks again, sides exchanged"),
              optional(
                  "redaction",
                  StringType,
                  "what was done to personal data of an imported item; null is replaced"),
              required("created_at", TimestampType, "start of the run, UTC"))
          .check("probability", "inclusion_probability > 0 AND inclusion_probability <= 1")
          .check("gold_has_value", "NOT is_gold OR gold_value IS NOT NULL");

  public static final Table LABELS =
      Table.of(
              "labels",
              "run_id",
              "ingest-labels",
              "One rater's answer to one question on one item.",
              required("run_id", StringType, "run that wrote the row"),
              required("label_id", StringType, "digest of item, rater, question and time"),
              required("item_id", StringType, "item answered"),
              required("rater_id", StringType, "who answered"),
              required("question", StringType, "what was asked"),
              required("value", StringType, "the answer"),
              optional("confidence", DoubleType, "the rater's, 0 to 1"),
              optional("shown_position", StringType, "ab or ba: left to right"),
              optional("reasons", STRINGS, "reasons ticked"),
              optional("comment", StringType, "free text"),
              optional("started_at", TimestampType, "when the item was opened, UTC"),
              optional("submitted_at", TimestampType, "when it was answered, UTC"),
              optional("guideline_version", StringType, "guideline in force"),
              optional("batch", StringType, "labeling batch"),
              optional("cohort", StringType, "group of raters"),
              optional("is_ground_truth", BooleanType, "marked as the right answer"),
              required("source_file", StringType, "file that held the line"),
              required("line", LongType, "line in the file, from 1"),
              optional(
                  "redaction",
                  StringType,
                  "what was done to personal data; null in rows of earlier releases"))
          .check("confidence_share", "confidence IS NULL OR confidence BETWEEN 0 AND 1")
          .check("position_known", "shown_position IS NULL OR shown_position IN ('ab', 'ba')");

  public static final Table LABELER_AGREEMENT =
      Table.of(
              "labeler_agreement",
              "run_id",
              "labeler-agreement",
              "One agreement coefficient on one slice.",
              required("run_id", StringType, "run that wrote the row"),
              required("question", StringType, "question asked"),
              required(
                  "slice_kind",
                  StringType,
                  "all, cohort, batch, language, month, guideline_version; raters: a pair of"
                      + " them; cohort_gap: a cohort against the others"),
              required("slice_value", StringType, "which of its kind; all for all"),
              required("coefficient", StringType, "name of the coefficient"),
              required("weights", StringType, "distance between categories; identity is nominal"),
              optional("category", StringType, "category against all others; null for all"),
              required("value", DoubleType, "the coefficient"),
              optional("observed_agreement", DoubleType, "agreement observed"),
              optional("expected_agreement", DoubleType, "agreement expected by chance"),
              optional("std_error", DoubleType, "standard error"),
              optional(
                  "std_error_h0", DoubleType, "standard error without agreement beyond chance"),
              optional("ci_low", DoubleType, "95 % interval, lower end"),
              optional("ci_high", DoubleType, "95 % interval, upper end"),
              optional("p_value", DoubleType, "against no agreement beyond chance"),
              required("items", LongType, "items with two labels or more"),
              required("raters", LongType, "raters"),
              required("labels", LongType, "labels on these items"))
          .check("at_most_1", "value <= 1");

  public static final Table LABELER_QUALITY =
      Table.of(
          "labeler_quality",
          "run_id",
          "labeler-agreement",
          "One measure of one rater.",
          required("run_id", StringType, "run that wrote the row"),
          required("question", StringType, "question asked"),
          required("rater_id", StringType, "the rater"),
          optional("cohort", StringType, "the rater's cohort"),
          required("measure", StringType, "what is measured"),
          required("value", DoubleType, "the measure"),
          optional("ci_low", DoubleType, "95 % interval, lower end"),
          optional("ci_high", DoubleType, "95 % interval, upper end"),
          optional("p_value", DoubleType, "of the measure's test, against no fault"),
          optional("action", StringType, "of the measure action: keep, calibrate, review, exclude"),
          optional("reasons", STRINGS, "why, of the measure action"),
          required("labels", LongType, "labels that it rests on"));

  public static final Table ITEM_CONSENSUS =
      Table.of(
              "item_consensus",
              "run_id",
              "labeler-agreement",
              "The inferred answer to one item.",
              required("run_id", StringType, "run that wrote the row"),
              required("question", StringType, "question asked"),
              required("item_id", StringType, "the item"),
              required("value", StringType, "the inferred answer"),
              required("probability", DoubleType, "how likely it is"),
              optional("probabilities", MEASURES, "how likely each answer is"),
              required("method", StringType, "how it was inferred"),
              required("labels", LongType, "labels that it rests on"))
          .check("probability_share", "probability BETWEEN 0 AND 1");

  static List<Table> all() {
    return List.of(LABELING_QUEUE, LABELS, LABELER_AGREEMENT, LABELER_QUALITY, ITEM_CONSENSUS);
  }
}
