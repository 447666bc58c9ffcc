package io.lakeloop.table;

import static io.lakeloop.table.Column.optional;
import static io.lakeloop.table.Column.required;
import static io.lakeloop.table.Types.MESSAGES;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;

import java.util.List;

/** What models were found to be worth. */
public final class EvaluationTables {
  private EvaluationTables() {}

  public static final Table JUDGMENTS =
      Table.of(
              "judgments",
              "run_id",
              "evaluate-policy",
              "One comparison of one completion with its opponent.",
              required("run_id", StringType, "run that wrote the row"),
              required("suite", StringType, "prompts that were answered"),
              required("item_id", StringType, "digest of the prompt and its repetition"),
              optional(
                  "messages",
                  MESSAGES,
                  "all that was said before the answers, oldest first; null where prompt is all"),
              required("prompt", StringType, "what was asked last"),
              required("model", StringType, "model/version judged"),
              required("opponent", StringType, "model/version compared with"),
              required("completion", StringType, "the model's answer"),
              required("opponent_completion", StringType, "the opponent's answer"),
              required("judge", StringType, "who judged"),
              required("judge_version", StringType, "version of the judge"),
              required("presented_order", StringType, "model_first or opponent_first"),
              required("verdict", StringType, "win, tie or loss"),
              optional("score", DoubleType, "the judge's score of the model's answer"),
              optional("opponent_score", DoubleType, "the judge's score of the opponent's answer"),
              optional("raw", StringType, "what the judge said"),
              required("parse_status", StringType, "ok, or why the verdict could not be read"))
          .check("verdict_known", "verdict IN ('win', 'tie', 'loss')");

  public static final Table EVALUATIONS =
      Table.of(
          "evaluations",
          "run_id",
          "evaluate-policy",
          "One metric of one model version on one suite and slice.",
          required("run_id", StringType, "run that wrote the row"),
          required("model", StringType, "model"),
          required("version", IntegerType, "version of the model"),
          required("suite", StringType, "data that it was measured on"),
          required("slice_kind", StringType, "all, length_quartile, ..."),
          required("slice_value", StringType, "which of its kind; all for all"),
          required("metric", StringType, "name of the metric"),
          required("value", DoubleType, "the metric"),
          optional("ci_low", DoubleType, "95 % interval, lower end"),
          optional("ci_high", DoubleType, "95 % interval, upper end"),
          required("n", LongType, "rows that it rests on"),
          required("at", TimestampType, "start of the run, UTC"));

  static List<Table> all() {
    return List.of(JUDGMENTS, EVALUATIONS);
  }
}
