package io.lakeloop.evaluation;

import io.lakeloop.registry.ModelVersion;
import io.lakeloop.run.JobContext;
import io.lakeloop.table.EvaluationTables;
import io.lakeloop.table.TableRows;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One measured value, as the evaluations table keeps it.
 *
 * @param low lower end of the 95 % interval, or null
 * @param high upper end of the 95 % interval, or null
 * @param n rows that it rests on
 */
public record Metric(
    String sliceKind,
    String sliceValue,
    String name,
    double value,
    Double low,
    Double high,
    long n) {
  static final String ALL = "all";

  static Metric all(String name, double value, Double low, Double high, long n) {
    return new Metric(ALL, ALL, name, value, low, high, n);
  }

  /** The metrics as rows of evaluations. */
  public static TableRows rows(
      JobContext context, ModelVersion model, String suite, List<Metric> metrics) {
    return rows(context, model.model(), model.version(), suite, metrics);
  }

  /** The metrics of something that is no published model, as rows of evaluations. */
  public static TableRows rows(
      JobContext context, String model, int version, String suite, List<Metric> metrics) {
    TableRows rows = new TableRows(EvaluationTables.EVALUATIONS);
    for (Metric metric : metrics) {
      Map<String, Object> row = new HashMap<>();
      row.put("run_id", context.runId());
      row.put("model", model);
      row.put("version", version);
      row.put("suite", suite);
      row.put("slice_kind", metric.sliceKind());
      row.put("slice_value", metric.sliceValue());
      row.put("metric", metric.name());
      row.put("value", metric.value());
      row.put("ci_low", metric.low());
      row.put("ci_high", metric.high());
      row.put("n", metric.n());
      row.put("at", context.startedAt());
      rows.add(row);
    }
    return rows;
  }
}
