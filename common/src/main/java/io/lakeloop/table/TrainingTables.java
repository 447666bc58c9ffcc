package io.lakeloop.table;

import static io.lakeloop.table.Column.optional;
import static io.lakeloop.table.Column.required;
import static io.lakeloop.table.Types.FLOATS;
import static io.lakeloop.table.Types.INTEGERS;
import static io.lakeloop.table.Types.MESSAGES;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;

import java.util.List;

/** What training did, step by step. */
public final class TrainingTables {
  private TrainingTables() {}

  public static final Table TRAINING_METRICS =
      Table.of(
          "training_metrics",
          "run_id",
          "train-sft",
          "One measured value of one training step.",
          required("run_id", StringType, "run that wrote the row"),
          required("phase", StringType, "sft, reward, policy or benchmark"),
          required("step", LongType, "optimizer step, or step of the policy's training, from 0"),
          required("metric", StringType, "name, as TRL prints it"),
          required("value", DoubleType, "the value"),
          required("at", TimestampType, "when, UTC"));

  public static final Table TRAJECTORIES =
      Table.of(
              "trajectories",
              "run_id",
              "train-policy",
              "One sampled episode.",
              required("run_id", StringType, "run that wrote the row"),
              required("step", LongType, "step of the training, from 0"),
              required("prompt_id", LongType, "place in the run's prompt list"),
              required("sample", LongType, "which of the prompt's samples"),
              optional(
                  "messages",
                  MESSAGES,
                  "all that was said before the answer, oldest first; null where prompt is all"),
              required("prompt", StringType, "what the user wrote last"),
              required("completion", StringType, "what the policy answered"),
              required("completion_tokens", INTEGERS, "token ids drawn"),
              required("log_probs", FLOATS, "log pi of each token, before the update"),
              required("ref_log_probs", FLOATS, "log ref of each token"),
              required("values", FLOATS, "value head before each token"),
              required("rewards", FLOATS, "reward of each token, KL penalty included"),
              required("score", DoubleType, "reward of the whole answer"),
              required("safety_penalty", DoubleType, "taken off the score"),
              required("kl", DoubleType, "sum of log pi - log ref, nats"),
              required("ended_by", StringType, "end_token or length"))
          .check("ended_known", "ended_by IN ('end_token', 'length')");

  static List<Table> all() {
    return List.of(TRAINING_METRICS, TRAJECTORIES);
  }
}
