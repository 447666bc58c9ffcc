package io.lakeloop.jobs.labeling;

import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static io.lakeloop.table.LabelingTables.LABELS;
import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.agreement.AgreementSettings;
import io.lakeloop.feedback.agreement.Gate;
import io.lakeloop.feedback.agreement.LabelerAgreement;
import io.lakeloop.feedback.agreement.Slices;
import io.lakeloop.feedback.consensus.Consensus;
import io.lakeloop.feedback.raters.RaterSettings;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Computes, for each question, how far raters agree, what each is worth, and what they say. */
public final class LabelerAgreementJob implements Job<LabelerAgreementJob.Config> {

  public record Config(
      AgreementSettings coefficients,
      LabelerAgreement.ConsensusSettings consensus,
      RaterSettings raters,
      Map<String, String> gates) {
    public Config {
      Problems problems = Problems.in("labeler-agreement");
      List<String> known =
          Arrays.stream(Consensus.Method.values())
              .map(method -> method.label().replace('_', '-'))
              .toList();
      problems
          .require(
              known.containsAll(consensus.methods()),
              "consensus.methods must be some of %s, got %s",
              known,
              consensus.methods())
          .require(
              Set.copyOf(consensus.methods()).size() == consensus.methods().size(),
              "consensus.methods must name each method once, got %s",
              consensus.methods())
          .require(
              consensus.iterations() >= 1 && consensus.iterations() <= 100_000,
              "consensus.iterations must lie in 1..100,000, got %d",
              consensus.iterations())
          .require(
              consensus.tolerance() >= 0 && consensus.tolerance() < 1,
              "consensus.tolerance must lie in [0, 1), got %s",
              consensus.tolerance())
          .require(
              consensus.topUp() >= 0,
              "consensus.top-up must be at least 0, got %d",
              consensus.topUp());
      Gate.parse(gates, problems);
      problems.throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    Dataset<Row> queue = context.tables().readOrEmpty(LABELING_QUEUE).dropDuplicates("item_id");
    Dataset<Row> labels = labels(config, context, queue);
    List<String> questions =
        labels.select("question").distinct().orderBy("question").collectAsList().stream()
            .map(row -> row.getString(0))
            .toList();
    if (questions.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot compute agreement: labels holds no row. Run ingest-labels first.");
    }

    LabelerAgreement agreement =
        new LabelerAgreement(context, config.coefficients(), config.consensus(), config.raters());
    for (String question : questions) {
      agreement.measure(question, labels.where(col("question").equalTo(question)), queue);
    }

    agreement.publish();
    Gate.check(Gate.parse(config.gates(), Problems.in("labeler-agreement")), agreement.reached());
    labels.unpersist();
  }

  private static Dataset<Row> labels(Config config, JobContext context, Dataset<Row> queue) {
    Dataset<Row> labels = context.tables().read(LABELS);
    if (config.coefficients().slices().contains("language")) {
      labels = Slices.withLanguage(labels, queue, context.tables().readOrEmpty(INTERACTIONS));
    }
    Dataset<Row> kept = labels.persist(StorageLevel.MEMORY_AND_DISK());
    context.countRead(kept.count());
    return kept;
  }
}
