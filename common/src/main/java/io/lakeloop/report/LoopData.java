package io.lakeloop.report;

import static io.lakeloop.table.EvaluationTables.EVALUATIONS;
import static io.lakeloop.table.EvaluationTables.JUDGMENTS;
import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.FeedbackTables.INTERACTIONS_RAW;
import static io.lakeloop.table.FeedbackTables.QUARANTINE;
import static io.lakeloop.table.LabelingTables.LABELER_AGREEMENT;
import static io.lakeloop.table.LabelingTables.LABELER_QUALITY;
import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static io.lakeloop.table.LabelingTables.LABELS;
import static io.lakeloop.table.LedgerTables.LINEAGE;
import static io.lakeloop.table.LedgerTables.RUNS;
import static io.lakeloop.table.PreferencesTables.PREFERENCES;
import static io.lakeloop.table.RegistryTables.ALIAS_EVENTS;
import static io.lakeloop.table.RegistryTables.MODEL_VERSIONS;
import static io.lakeloop.table.TrainingTables.TRAINING_METRICS;
import static org.apache.spark.sql.functions.col;

import io.lakeloop.run.JobContext;
import io.lakeloop.table.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Gathers what the report shows, each part as rows of column name and value. */
final class LoopData {
  private static final int SAMPLES = 8;

  private final JobContext context;
  private final Map<String, String> lastRuns;

  LoopData(JobContext context) {
    this.context = context;
    this.lastRuns = lastRuns();
  }

  Map<String, Object> gather() {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("run", context.runId());
    data.put("at", context.startedAt().toInstant().toString());
    data.put("funnel", funnel());
    data.put(
        "quarantine",
        rows(
            table(QUARANTINE)
                .groupBy("table_name", "reason_code")
                .count()
                .orderBy(col("count").desc(), col("reason_code"))));
    data.put("agreement", latest(LABELER_AGREEMENT, "labeler-agreement", "slice_kind <> 'raters'"));
    data.put(
        "raters",
        latest(
            LABELER_QUALITY, "labeler-agreement", "measure IN ('quality', 'left_rate', 'action')"));
    data.put("reward", reward());
    data.put("ppo", latest(TRAINING_METRICS, "train-policy"));
    data.put("sft", latest(TRAINING_METRICS, "train-sft"));
    data.put("policy", latest(EVALUATIONS, "evaluate-policy"));
    data.put("samples", samples());
    data.put(
        "models",
        rows(
            table(MODEL_VERSIONS)
                .select("model", "version", "kind", "parents", "snapshot_id", "digest", "run_id")
                .orderBy("model", "version")));
    data.put("aliases", rows(table(ALIAS_EVENTS).drop("at").orderBy("run_id")));
    data.put("runs", runs());
    data.put(
        "lineage",
        rows(
            table(LINEAGE)
                .select("run_id", "direction", "kind", "name", "version")
                .orderBy("run_id", "direction", "kind", "name")));
    return data;
  }

  private Dataset<Row> table(Table table) {
    return context.tables().readOrEmpty(table);
  }

  private List<Map<String, Object>> funnel() {
    List<Map<String, Object>> steps = new ArrayList<>();
    Row refused =
        table(QUARANTINE)
            .selectExpr(
                "count_if(table_name = 'interactions_raw')",
                "count_if(table_name = 'interactions')")
            .first();
    long raw = table(INTERACTIONS_RAW).count();
    step(steps, "log lines read", raw + refused.getLong(0));
    step(steps, "raw records", raw);
    Row kept =
        table(INTERACTIONS)
            .selectExpr(
                "count(*)",
                "count_if(duplicate_of IS NULL)",
                "count_if(duplicate_of IS NULL AND size(quality_flags) = 0)",
                "count_if(duplicate_of IS NULL AND size(quality_flags) = 0 AND consent)",
                "count_if(size(pii_types) > 0)",
                "count_if(size(quality_flags) > 0)",
                "count_if(NOT consent)")
            .first();
    step(steps, "cleaned interactions", kept.getLong(0));
    step(steps, "without duplicates", kept.getLong(1));
    step(steps, "of good quality", kept.getLong(2));
    step(steps, "with consent", kept.getLong(3));
    Row queue = table(LABELING_QUEUE).selectExpr("count(*)", "count_if(is_gold)").first();
    step(steps, "pairs put before raters", queue.getLong(0));
    step(steps, "preference pairs", table(PREFERENCES).count());
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("step", "");
    facts.put("refused at ingest", refused.getLong(0));
    facts.put("refused at cleaning", refused.getLong(1));
    facts.put("duplicates", kept.getLong(0) - kept.getLong(1));
    facts.put("with personal data, replaced", kept.getLong(4));
    facts.put("with quality flags", kept.getLong(5));
    facts.put("without consent", kept.getLong(6));
    facts.put("gold questions", queue.getLong(1));
    facts.put("labels", table(LABELS).count());
    steps.add(facts);
    return steps;
  }

  private static void step(List<Map<String, Object>> steps, String step, long rows) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("step", step);
    entry.put("rows", rows);
    steps.add(entry);
  }

  /** Rows of the job's last run that succeeded. */
  private List<Map<String, Object>> latest(Table table, String job) {
    return latest(table, job, "true");
  }

  private List<Map<String, Object>> latest(Table table, String job, String condition) {
    return rows(
        table(table)
            .where(col("run_id").equalTo(lastRun(job)))
            .where(condition)
            .drop("at")
            .orderBy(table.columns().get(1).name(), table.columns().get(2).name()));
  }

  private String lastRun(String job) {
    return lastRuns.getOrDefault(job, "");
  }

  /** Each job's last run that succeeded. */
  private Map<String, String> lastRuns() {
    Map<String, String> last = new LinkedHashMap<>();
    table(RUNS)
        .where(col("status").equalTo("SUCCEEDED"))
        .orderBy("started_at", "run_id")
        .select("job", "run_id")
        .collectAsList()
        .forEach(row -> last.put(row.getString(0), row.getString(1)));
    return last;
  }

  private List<Map<String, Object>> reward() {
    return rows(
        table(EVALUATIONS)
            .where(
                "metric IN ('accuracy', 'length_baseline_accuracy', 'log_loss', 'ece',"
                    + " 'mean_confidence')")
            .drop("at", "run_id")
            .dropDuplicates("model", "version", "suite", "slice_kind", "slice_value", "metric")
            .orderBy("model", "version", "suite", "slice_kind", "slice_value", "metric"));
  }

  private List<Map<String, Object>> samples() {
    return rows(
        table(JUDGMENTS)
            .where(col("run_id").equalTo(lastRun("evaluate-policy")))
            .dropDuplicates("prompt")
            .orderBy("item_id")
            .limit(SAMPLES)
            .select(
                "prompt",
                "model",
                "completion",
                "score",
                "opponent",
                "opponent_completion",
                "opponent_score",
                "verdict"));
  }

  private List<Map<String, Object>> runs() {
    return rows(
        table(RUNS)
            .orderBy("started_at", "run_id")
            .selectExpr(
                "run_id",
                "job",
                "status",
                "rows_read",
                "rows_written",
                "unix_timestamp(finished_at) - unix_timestamp(started_at) AS seconds",
                "error_code",
                "code_version"));
  }

  private static List<Map<String, Object>> rows(Dataset<Row> rows) {
    String[] names = rows.columns();
    List<Map<String, Object>> list = new ArrayList<>();
    for (Row row : rows.collectAsList()) {
      Map<String, Object> cells = new LinkedHashMap<>();
      for (int i = 0; i < names.length; i++) {
        Object cell = row.get(i);
        cells.put(names[i], cell instanceof scala.collection.Seq<?> ? row.getList(i) : cell);
      }
      list.add(cells);
    }
    return list;
  }

  /** What was planted in a simulated sample, beside what the loop found of it. */
  List<Map<String, Object>> planted(Planted planted) {
    Dataset<Row> interactions = table(INTERACTIONS);
    List<Map<String, Object>> found = new ArrayList<>();
    String texts = "concat_ws(' ', prompt, completion, to_json(messages), to_json(tool_calls))";
    Dataset<Row> values =
        context
            .spark()
            .createDataset(planted.personalData(), org.apache.spark.sql.Encoders.STRING())
            .toDF("planted");
    long left =
        interactions
            .selectExpr(texts + " AS text")
            .join(org.apache.spark.sql.functions.broadcast(values))
            .where("contains(text, planted)")
            .count();
    Row cleaned =
        interactions
            .selectExpr(
                "count_if(duplicate_of IS NOT NULL)",
                "count_if(size(quality_flags) > 0)",
                "count_if(NOT consent)")
            .first();
    Row refused =
        table(QUARANTINE)
            .selectExpr(
                "count_if(reason_code = 'MALFORMED_JSON')",
                "count_if(reason_code = 'MISSING_FIELD')")
            .first();
    compare(found, "personal data", planted.personalData().size(), left, "left in interactions");
    compare(found, "malformed lines", planted.malformed(), refused.getLong(0), "in quarantine");
    compare(found, "missing prompts", planted.missingPrompt(), refused.getLong(1), "in quarantine");
    compare(found, "gibberish answers", planted.gibberish(), cleaned.getLong(1), "flagged");
    compare(
        found,
        "repeated records",
        planted.repeated(),
        cleaned.getLong(0),
        "flagged; answers also repeat by themselves");
    compare(
        found, "turns without consent", planted.withoutConsent(), cleaned.getLong(2), "kept out");
    return found;
  }

  private static void compare(
      List<Map<String, Object>> rows, String what, long planted, long found, String where) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("what", what);
    row.put("planted", planted);
    row.put("found", found);
    row.put("where", where);
    rows.add(row);
  }
}
