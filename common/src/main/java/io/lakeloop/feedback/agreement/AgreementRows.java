package io.lakeloop.feedback.agreement;

import io.lakeloop.agreement.Estimate;
import io.lakeloop.table.LabelingTables;
import io.lakeloop.table.TableRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rows of labeler_agreement, as they are measured. */
public final class AgreementRows {
  private final String runId;
  private final TableRows rows = new TableRows(LabelingTables.LABELER_AGREEMENT);
  private final List<Gate.Reached> reached = new ArrayList<>();

  public AgreementRows(String runId) {
    this.runId = runId;
  }

  /** The rows so far. */
  public TableRows rows() {
    return rows;
  }

  /** What gates are held against. */
  public List<Gate.Reached> reached() {
    return reached;
  }

  /** Adds a slice's coefficients. */
  public void add(
      String question, String sliceKind, String sliceValue, List<Coefficients.Measured> measured) {
    for (Coefficients.Measured one : measured) {
      boolean pair = one.pair() != null;
      if (!pair || sliceKind.equals("all")) {
        add(question, pair ? "raters" : sliceKind, pair ? one.pair() : sliceValue, one);
      }
    }
  }

  /** Adds one coefficient of a slice. */
  public void add(String question, String sliceKind, String sliceValue, Coefficients.Measured one) {
    Estimate estimate = one.estimate();
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", runId);
    row.put("question", question);
    row.put("slice_kind", sliceKind);
    row.put("slice_value", sliceValue);
    row.put("coefficient", one.coefficient());
    row.put("weights", one.weights());
    row.put("category", one.category());
    row.put("value", Math.min(1, estimate.value()));
    row.put("observed_agreement", known(estimate.observed()));
    row.put("expected_agreement", known(estimate.expected()));
    row.put("std_error", known(estimate.stdError()));
    row.put("std_error_h0", known(estimate.stdErrorH0()));
    row.put("ci_low", known(estimate.low()));
    row.put("ci_high", known(estimate.high()));
    row.put("p_value", known(estimate.pValue()));
    row.put("items", one.items());
    row.put("raters", one.raters());
    row.put("labels", one.labels());
    rows.add(row);
    if (one.category() == null) {
      reached.add(
          new Gate.Reached(
              question,
              one.coefficient(),
              one.weights(),
              sliceKind,
              sliceValue,
              estimate.value(),
              known(estimate.low())));
    }
  }

  private static Double known(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
