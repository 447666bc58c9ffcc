package io.lakeloop.table;

import static io.lakeloop.table.Column.optional;
import static io.lakeloop.table.Column.required;
import static io.lakeloop.table.Types.COUNTS;
import static io.lakeloop.table.Types.DOCUMENTS;
import static io.lakeloop.table.Types.MEASURES;
import static io.lakeloop.table.Types.MESSAGES;
import static io.lakeloop.table.Types.STRINGS;
import static io.lakeloop.table.Types.TOOL_CALLS;
import static org.apache.spark.sql.types.DataTypes.BinaryType;
import static org.apache.spark.sql.types.DataTypes.BooleanType;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.TimestampType;

import java.util.List;

/** What came in: logs, and what was refused of them. */
public final class FeedbackTables {
  private FeedbackTables() {}

  public static final Table INTERACTIONS_RAW =
      Table.of(
              "interactions_raw",
              "run_id",
              "ingest-logs",
              "One ingested log record, as it came.",
              required("run_id", StringType, "run that wrote the row"),
              required("record_id", StringType, "digest of run, file and line"),
              required("source_system", StringType, "system that the log comes from"),
              required("source_file", StringType, "file that held the line"),
              required("line", LongType, "line in the file, from 1"),
              required("received_at", TimestampType, "start of the run that read it, UTC"),
              optional("format", StringType, "form of the record; null is lakeloop"),
              optional(
                  "consent_default", STRINGS, "uses allowed where the record says nothing of them"),
              optional("time_zone", StringType, "of times that name none; null is UTC"),
              required("payload", StringType, "the record, unchanged"))
          .ids("record_id")
          .check("line_from_1", "line >= 1");

  public static final Table QUARANTINE =
      Table.of(
              "quarantine",
              "run_id",
              "ingest-logs",
              "One refused record, with the reason.",
              required("run_id", StringType, "run that wrote the row"),
              required("table_name", StringType, "table that the record was meant for"),
              required("source_file", StringType, "file that held the line"),
              required("line", LongType, "line in the file, from 1"),
              optional(
                  "record_id",
                  StringType,
                  "interactions_raw.record_id, where the record came from there"),
              required("reason_code", StringType, "why, as a code"),
              required("reason", StringType, "why, with the values"),
              optional(
                  "payload",
                  StringType,
                  "the record, cut to 4,000 characters, personal data replaced"))
          .check("line_from_1", "line >= 1");

  public static final Table INTERACTIONS =
      Table.of(
              "interactions",
              "run_id",
              "clean-logs",
              "One turn of a conversation, cleaned and pseudonymised.",
              required("run_id", StringType, "run that wrote the row"),
              required("interaction_id", StringType, "digest of the raw record"),
              required("record_id", StringType, "interactions_raw.record_id"),
              required("conversation_id", StringType, "conversation, from the log"),
              required("turn", IntegerType, "turn in the conversation, from 1"),
              optional("subject_key", StringType, "keyed hash of the user id"),
              optional(
                  "subject_keys",
                  STRINGS,
                  "keyed hashes of everyone whom the record, or a message before it, names"),
              required("prompt", StringType, "what the user wrote, personal data replaced"),
              required("completion", StringType, "what the model answered, personal data replaced"),
              optional(
                  "messages",
                  MESSAGES,
                  "all that was said before the answer, oldest first, the prompt among it"),
              optional(
                  "parts",
                  STRINGS,
                  "what was no text: image, audio, video, file, reasoning, refusal"),
              optional("model_version", StringType, "model that answered"),
              optional("product", StringType, "product or flow that it was about"),
              required("created_at", TimestampType, "time of the answer, UTC"),
              optional("cohort", StringType, "group of users"),
              optional("latency_ms", LongType, "time to the full answer, milliseconds"),
              optional("tokens_in", LongType, "tokens read"),
              optional("tokens_out", LongType, "tokens written"),
              optional("thumb", IntegerType, "1 up, -1 down, 0 none"),
              optional("csat", IntegerType, "satisfaction, 1 to 5"),
              optional("task_completed", BooleanType, "the user got it done"),
              optional("escalated", BooleanType, "handed to a person"),
              optional("business_value", DoubleType, "what the exchange was worth, as logged"),
              optional("retrieved_documents", DOCUMENTS, "documents that the answer drew on"),
              optional("tool_calls", TOOL_CALLS, "calls that the model made"),
              required("language", StringType, "two letters, und if not told"),
              required("pii_types", STRINGS, "kinds of personal data replaced"),
              optional("sanitised", COUNTS, "characters changed or taken out, by kind"),
              required("quality_flags", STRINGS, "quality rules that the answer broke"),
              optional("quality_values", MEASURES, "what was measured, by rule broken"),
              optional(
                  "duplicate_of",
                  StringType,
                  "interaction_id of the first that says the same, or nearly"),
              optional(
                  "duplicate_kind",
                  StringType,
                  "exact (the same content_hash) or near (few other words, the same numbers, signs and"
                      + " emoji)"),
              optional(
                  "signature",
                  BinaryType,
                  "MinHash signature, 14 bands of 8 bytes, of words and signs"),
              required(
                  "content_hash",
                  StringType,
                  "digest of messages and completion in NFKC_Casefold, kinds of dashes and quotation"
                      + " marks and spacing aside; punctuation, signs, numbers and emoji count"),
              required("consent", BooleanType, "the user allows use for training"),
              optional("consent_uses", STRINGS, "uses that the user allows"),
              required("source_system", StringType, "system that the log comes from"))
          .ids("interaction_id", "subject_key")
          .check("turn_from_1", "turn >= 1")
          .check("thumb_known", "thumb IS NULL OR thumb IN (-1, 0, 1)")
          .check("csat_1_to_5", "csat IS NULL OR csat BETWEEN 1 AND 5");

  static List<Table> all() {
    return List.of(INTERACTIONS_RAW, QUARANTINE, INTERACTIONS);
  }
}
