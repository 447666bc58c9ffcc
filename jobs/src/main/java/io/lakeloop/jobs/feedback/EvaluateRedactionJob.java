package io.lakeloop.jobs.feedback;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.evaluation.Metric;
import io.lakeloop.evaluation.RedactionEvaluation;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.logs.NameRecognisers;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.util.List;

/** Measures recall and precision of personal data by kind, on texts in which it is marked. */
public final class EvaluateRedactionJob implements Job<EvaluateRedactionJob.Config> {

  public record Config(
      String path,
      PersonalDataFinder.Settings personalData,
      String nameModel,
      String nameModelSha256) {
    public Config {
      Problems.in("evaluate-redaction")
          .require(!path.isBlank(), "path is empty: name a file of marked texts")
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    SourceFiles files = SourceFiles.find(context, config.path());
    PersonalDataFinder finder =
        new PersonalDataFinder(
            config.personalData(),
            NameRecognisers.of(context.path(config.nameModel()), config.nameModelSha256()).open());
    List<Metric> metrics = RedactionEvaluation.measure(finder, context.spark(), files);
    if (metrics.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot measure on %s: no record has full_text and marked spans. Name a file in the form"
              + " of presidio-research.",
          config.path());
    }
    String suite = files.files().get(0).name().replaceAll(".*/", "");
    context
        .tables()
        .replace(
            Metric.rows(
                context, RedactionEvaluation.MODEL, RedactionEvaluation.VERSION, suite, metrics));
    if (config.nameModel().isBlank()) {
      context.say("names and addresses are not covered: name-model is not set");
    }
    context.say("%-18s %-10s %7s %s", "kind", "metric", "value", "of");
    metrics.forEach(
        m -> context.say("%-18s %-10s %7.3f %,d", m.sliceValue(), m.name(), m.value(), m.n()));
  }
}
