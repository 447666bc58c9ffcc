package io.lakeloop.run;

import io.lakeloop.table.TableRows;
import io.lakeloop.table.TrainingTables;
import java.util.Locale;
import java.util.Map;

/** Collects a training's metrics step by step and shows how far it is. */
public final class StepMetrics {
  private final JobContext context;
  private final String phase;
  private TableRows rows = new TableRows(TrainingTables.TRAINING_METRICS);

  public StepMetrics(JobContext context, String phase) {
    this.context = context;
    this.phase = phase;
  }

  /** Keeps the metrics of a step, counted from 0. */
  public void keep(int step, Map<String, Double> metrics) {
    metrics.forEach(
        (name, value) ->
            rows.add(
                Map.of(
                    "run_id",
                    context.runId(),
                    "phase",
                    phase,
                    "step",
                    (long) step,
                    "metric",
                    name,
                    "value",
                    value,
                    "at",
                    context.startedAt())));
  }

  /**
   * Keeps the metrics of a step, counted from 0, and shows how far the training is.
   *
   * @param watched the metric to show beside the bar
   */
  public void add(int step, int totalSteps, Map<String, Double> metrics, String watched) {
    keep(step, metrics);
    show(step, totalSteps, metrics, watched);
  }

  /** Appends what was kept since the last append. */
  public void append(int number) {
    context.tables().append(rows, number);
    rows = new TableRows(TrainingTables.TRAINING_METRICS);
  }

  /** Shows how far the training is. */
  public void show(int step, int totalSteps, Map<String, Double> metrics, String watched) {
    context.progress(
        phase,
        step + 1,
        totalSteps,
        String.format(Locale.ROOT, "%s %.3f", watched, metrics.get(watched)));
  }

  /** Writes all of it to training_metrics. */
  public void save() {
    context.tables().replace(rows);
  }
}
