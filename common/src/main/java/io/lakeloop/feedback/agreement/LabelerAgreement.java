package io.lakeloop.feedback.agreement;

import static org.apache.spark.sql.functions.lit;

import io.lakeloop.agreement.Weighting;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.consensus.Consensus;
import io.lakeloop.feedback.consensus.Expectation;
import io.lakeloop.feedback.labels.LabelBlocks;
import io.lakeloop.feedback.raters.RaterProfile;
import io.lakeloop.feedback.raters.RaterQuality;
import io.lakeloop.feedback.raters.RaterSettings;
import io.lakeloop.feedback.raters.Recommendation;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.table.LabelingTables;
import io.lakeloop.table.TableRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Agreement, raters and consensus, question by question. */
public final class LabelerAgreement {

  /**
   * How truth is inferred.
   *
   * @param methods of {@link Consensus.Method}
   * @param iterations steps at most
   * @param tolerance relative change of the objective at which steps end
   * @param topUp labels that raters are topped up to by Dawid and Skene and by one coin
   */
  public record ConsensusSettings(
      List<String> methods, int iterations, double tolerance, int topUp) {
    /** The methods by name. */
    public List<Consensus.Method> parsed() {
      return methods.stream()
          .map(
              m -> Consensus.Method.valueOf(m.replace('-', '_').toUpperCase(java.util.Locale.ROOT)))
          .toList();
    }
  }

  private final JobContext context;
  private final AgreementSettings coefficients;
  private final ConsensusSettings consensus;
  private final RaterSettings raters;
  private final AgreementRows agreement;
  private final TableRows quality = new TableRows(LabelingTables.LABELER_QUALITY);
  private final StepMetrics metrics;
  private Dataset<Row> items;

  public LabelerAgreement(
      JobContext context,
      AgreementSettings coefficients,
      ConsensusSettings consensus,
      RaterSettings raters) {
    this.context = context;
    this.coefficients = coefficients;
    this.consensus = consensus;
    this.raters = raters;
    this.agreement = new AgreementRows(context.runId());
    this.metrics = new StepMetrics(context, "consensus");
  }

  /** Measures a question; of more than a hundred different answers it is left out, and said. */
  public void measure(String question, Dataset<Row> answers, Dataset<Row> queue) {
    List<String> declared = coefficients.declared(question);
    List<String> values = LabelBlocks.values(answers);
    if (values.size() > LabelBlocks.MOST_VALUES) {
      context.say(
          "%s has more than %d different answers, which are no categories: left out",
          question, LabelBlocks.MOST_VALUES);
      return;
    }
    if (!declared.isEmpty() && !declared.containsAll(values)) {
      List<String> unknown = values.stream().filter(v -> !declared.contains(v)).toList();
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot order the answers to %s: %s is not among %s. Add it to coefficients.categories.",
          question,
          unknown,
          declared);
    }
    List<String> order = declared.isEmpty() ? values : declared;
    coefficients.custom(question).forEach(weights -> refuseOtherSize(question, order, weights));
    boolean ordered = !declared.isEmpty() || LabelBlocks.numeric(values);
    for (Slices.Slice slice : Slices.of(answers, coefficients.slices())) {
      try (LabelBlocks labels = LabelBlocks.gather(slice.labels(), order)) {
        coefficients(question, slice, labels, ordered);
        if (slice.kind().equals("all")) {
          raters(question, slice.labels(), queue, labels);
          consensus(question, slice.labels(), queue, labels);
        }
      }
    }
  }

  private static void refuseOtherSize(String question, List<String> order, Weighting weights) {
    if (weights.matrix().length != order.size()) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot weigh the answers to %s: coefficients.custom-weights has %d rows, the answers are"
              + " %s. Give a row for each, or declare them all in coefficients.categories.",
          question,
          weights.matrix().length,
          order);
    }
  }

  private void coefficients(
      String question, Slices.Slice slice, LabelBlocks labels, boolean ordered) {
    long seed =
        JobContext.key(coefficients.seed(), question + "|" + slice.kind() + "|" + slice.value());
    List<Coefficients.Measured> measured =
        Coefficients.of(coefficients, question, labels, ordered, seed);
    if (measured.isEmpty()) {
      context.say("%s, %s %s: no item has two labels", question, slice.kind(), slice.value());
      return;
    }
    int present = labels.raters().size();
    if (!coefficients.comparesPairs(present, labels.values().size())) {
      context.say(
          "%s, %s %s: pairs of %,d raters are not compared, they are more than %s",
          question,
          slice.kind(),
          slice.value(),
          present,
          present > coefficients.pairRaters()
              ? "coefficients.pair-raters"
              : "fit in memory with " + labels.values().size() + " answers");
    }
    agreement.add(question, slice.kind(), slice.value(), measured);
    measured.stream()
        .filter(m -> m.coefficient().equals("krippendorff_alpha") && m.weights().equals("identity"))
        .forEach(
            m ->
                context.say(
                    "%s, %s %s: Krippendorff's alpha %.4f (95%% CI %.4f to %.4f), %,d items,"
                        + " %,d labels",
                    question,
                    slice.kind(),
                    slice.value(),
                    m.estimate().value(),
                    m.estimate().low(),
                    m.estimate().high(),
                    m.items(),
                    m.labels()));
  }

  private void raters(
      String question, Dataset<Row> answers, Dataset<Row> queue, LabelBlocks labels) {
    List<RaterProfile> profiles = RaterQuality.measure(answers, queue, raters);
    Map<String, String> cohorts = new HashMap<>();
    Set<String> leftOut = new HashSet<>();
    List<Recommendation> recommendations = Recommendation.of(profiles, raters);
    for (int i = 0; i < profiles.size(); i++) {
      RaterProfile profile = profiles.get(i);
      if (profile.cohort() != null) {
        cohorts.put(profile.rater(), profile.cohort());
      }
      for (RaterProfile.Measure measure : profile.measures()) {
        Map<String, Object> row = row(question, profile.rater(), profile.cohort());
        row.put("measure", measure.name());
        row.put("value", measure.value());
        row.put("ci_low", measure.low());
        row.put("ci_high", measure.high());
        row.put("p_value", measure.pValue());
        row.put("labels", measure.labels());
        quality.add(row);
      }
      Recommendation recommended = recommendations.get(i);
      recommend(question, profile, recommended);
      if (recommended.action().compareTo(Recommendation.Action.REVIEW) >= 0) {
        leftOut.add(profile.rater());
      }
    }
    Cohorts.compare(labels, cohorts, leftOut, coefficients.quantiles())
        .forEach((cohort, measured) -> agreement.add(question, "cohort_gap", cohort, measured));
  }

  private void recommend(String question, RaterProfile profile, Recommendation recommended) {
    Map<String, Object> row = row(question, profile.rater(), profile.cohort());
    row.put("measure", "action");
    row.put("value", (double) recommended.action().ordinal());
    row.put("action", recommended.action().label());
    row.put("reasons", recommended.reasons().toArray(String[]::new));
    row.put("labels", profile.measures().stream().mapToLong(m -> m.labels()).max().orElse(0));
    quality.add(row);
    if (recommended.action() != Recommendation.Action.KEEP) {
      context.say(
          "%s, %s: %s (%s)",
          question,
          profile.rater(),
          recommended.action().label(),
          String.join("; ", recommended.reasons()));
    }
  }

  private Map<String, Object> row(String question, String rater, String cohort) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("question", question);
    row.put("rater_id", rater);
    row.put("cohort", cohort);
    return row;
  }

  private void consensus(
      String question, Dataset<Row> answers, Dataset<Row> queue, LabelBlocks labels) {
    Expectation expectation = new Expectation(consensus.iterations(), consensus.tolerance());
    for (Consensus.Method method : consensus.parsed()) {
      if (!Consensus.allows(method, labels.values())) {
        context.say("%s: %s needs answers a, b or tie: left out", question, method.label());
        continue;
      }
      double[] last = {Double.NaN, 0};
      Consensus inference =
          new Consensus(
              labels,
              expectation,
              consensus.topUp(),
              (of, step, found) -> {
                Map<String, Double> named = new HashMap<>();
                found.forEach(
                    (name, value) -> named.put(question + "/" + of.label() + "/" + name, value));
                metrics.keep(step, named);
                last[0] = found.getOrDefault("log_likelihood", last[0]);
                last[1] = step;
                context.progress(question + " " + of.label(), step + 1, consensus.iterations(), "");
              });
      Consensus.Inferred inferred = inference.infer(context.spark(), method, answers, queue);
      if (Double.isFinite(last[0])) {
        context.say(
            "%s: %s after %.0f steps, log-likelihood %.4f",
            question, method.label(), last[1], last[0]);
      }
      for (Consensus.RaterMeasure measure : inferred.raters()) {
        Map<String, Object> row = row(question, measure.rater(), null);
        row.put("measure", measure.measure());
        row.put("value", measure.value());
        row.put("labels", labels.labels(measure.rater()));
        quality.add(row);
      }
      keep(question, method, inferred.items());
    }
  }

  /** Kept by Spark as files in its own folder: the blocks that it comes from are let go. */
  private void keep(String question, Consensus.Method method, Dataset<Row> inferred) {
    Dataset<Row> rows =
        inferred
            .withColumn("run_id", lit(context.runId()))
            .withColumn("question", lit(question))
            .withColumn("method", lit(method.label()))
            .localCheckpoint();
    items = items == null ? rows : items.unionByName(rows);
  }

  /** Writes all tables, what the gates are about last. */
  public void publish() {
    if (items != null) {
      context.tables().replace(LabelingTables.ITEM_CONSENSUS, items);
    }
    metrics.save();
    context.tables().replace(quality);
    context.tables().replace(agreement.rows());
  }

  /** The coefficients that gates are held against. */
  public List<Gate.Reached> reached() {
    return new ArrayList<>(agreement.reached());
  }
}
