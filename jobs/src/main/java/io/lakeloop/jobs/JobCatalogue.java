package io.lakeloop.jobs;

import static io.lakeloop.table.EvaluationTables.EVALUATIONS;
import static io.lakeloop.table.EvaluationTables.JUDGMENTS;
import static io.lakeloop.table.FeedbackTables.INTERACTIONS;
import static io.lakeloop.table.FeedbackTables.INTERACTIONS_RAW;
import static io.lakeloop.table.FeedbackTables.QUARANTINE;
import static io.lakeloop.table.LabelingTables.ITEM_CONSENSUS;
import static io.lakeloop.table.LabelingTables.LABELER_AGREEMENT;
import static io.lakeloop.table.LabelingTables.LABELER_QUALITY;
import static io.lakeloop.table.LabelingTables.LABELING_QUEUE;
import static io.lakeloop.table.LabelingTables.LABELS;
import static io.lakeloop.table.LedgerTables.LINEAGE;
import static io.lakeloop.table.LedgerTables.RUNS;
import static io.lakeloop.table.PreferencesTables.DATASET_SNAPSHOTS;
import static io.lakeloop.table.PreferencesTables.PREFERENCES;
import static io.lakeloop.table.RegistryTables.ALIAS_EVENTS;
import static io.lakeloop.table.RegistryTables.MODEL_VERSIONS;
import static io.lakeloop.table.RetentionTables.DELETIONS;
import static io.lakeloop.table.RetentionTables.DELETION_IMPACT;
import static io.lakeloop.table.TrainingTables.TRAINING_METRICS;
import static io.lakeloop.table.TrainingTables.TRAJECTORIES;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Suggestion;
import io.lakeloop.config.UserError;
import io.lakeloop.jobs.benchmark.BenchmarkAgreementJob;
import io.lakeloop.jobs.benchmark.BenchmarkDataJob;
import io.lakeloop.jobs.benchmark.BenchmarkLabelingJob;
import io.lakeloop.jobs.benchmark.BenchmarkLmJob;
import io.lakeloop.jobs.benchmark.BenchmarkTrainingJob;
import io.lakeloop.jobs.evaluation.EvaluatePolicyJob;
import io.lakeloop.jobs.evaluation.EvaluateRewardJob;
import io.lakeloop.jobs.feedback.CleanLogsJob;
import io.lakeloop.jobs.feedback.EnforceRetentionJob;
import io.lakeloop.jobs.feedback.EvaluateRedactionJob;
import io.lakeloop.jobs.feedback.IngestLogsJob;
import io.lakeloop.jobs.labeling.ImportQueueJob;
import io.lakeloop.jobs.labeling.IngestLabelsJob;
import io.lakeloop.jobs.labeling.LabelerAgreementJob;
import io.lakeloop.jobs.labeling.SampleForLabelingJob;
import io.lakeloop.jobs.preferences.BuildPreferencesJob;
import io.lakeloop.jobs.preferences.ExportJob;
import io.lakeloop.jobs.preferences.ImportPreferencesJob;
import io.lakeloop.jobs.release.ExportModelJob;
import io.lakeloop.jobs.release.ImportModelJob;
import io.lakeloop.jobs.release.PromoteJob;
import io.lakeloop.jobs.report.ReportJob;
import io.lakeloop.jobs.simulation.SimulateLabelsJob;
import io.lakeloop.jobs.simulation.SimulateLogsJob;
import io.lakeloop.jobs.training.TrainPolicyJob;
import io.lakeloop.jobs.training.TrainRewardJob;
import io.lakeloop.jobs.training.TrainSftJob;
import io.lakeloop.run.JobDefinition;
import java.util.List;

/** Every job, in the order of the loop. */
public final class JobCatalogue {
  private static final List<JobDefinition<?>> JOBS =
      List.of(
          new JobDefinition<>(
              "simulate-logs",
              "writes the logs of a simulated support desk",
              SimulateLogsJob.Config.class,
              new SimulateLogsJob(),
              List.of(),
              List.of()),
          new JobDefinition<>(
              "ingest-logs",
              "reads log files as they come",
              IngestLogsJob.Config.class,
              new IngestLogsJob(),
              List.of(),
              List.of(INTERACTIONS_RAW, QUARANTINE)),
          new JobDefinition<>(
              "clean-logs",
              "cleans, pseudonymises and de-duplicates raw records",
              CleanLogsJob.Config.class,
              new CleanLogsJob(),
              List.of(INTERACTIONS_RAW, INTERACTIONS, QUARANTINE),
              List.of(INTERACTIONS, QUARANTINE)),
          new JobDefinition<>(
              "enforce-retention",
              "deletes what is too old and what people asked to have deleted",
              EnforceRetentionJob.Config.class,
              new EnforceRetentionJob(),
              List.of(
                  INTERACTIONS_RAW,
                  INTERACTIONS,
                  QUARANTINE,
                  LABELING_QUEUE,
                  LABELS,
                  ITEM_CONSENSUS,
                  PREFERENCES,
                  TRAJECTORIES,
                  JUDGMENTS,
                  MODEL_VERSIONS,
                  RUNS,
                  LINEAGE),
              List.of(DELETIONS, DELETION_IMPACT)),
          new JobDefinition<>(
              "evaluate-redaction",
              "measures how well personal data is found",
              EvaluateRedactionJob.Config.class,
              new EvaluateRedactionJob(),
              List.of(),
              List.of(EVALUATIONS)),
          new JobDefinition<>(
              "sample-for-labeling",
              "draws answer pairs for raters to compare",
              SampleForLabelingJob.Config.class,
              new SampleForLabelingJob(),
              List.of(INTERACTIONS, LABELING_QUEUE),
              List.of(LABELING_QUEUE)),
          new JobDefinition<>(
              "import-queue",
              "reads items put before raters elsewhere into the labeling queue",
              ImportQueueJob.Config.class,
              new ImportQueueJob(),
              List.of(),
              List.of(LABELING_QUEUE, QUARANTINE)),
          new JobDefinition<>(
              "simulate-labels",
              "lets simulated raters answer the labeling queue",
              SimulateLabelsJob.Config.class,
              new SimulateLabelsJob(),
              List.of(LABELING_QUEUE),
              List.of()),
          new JobDefinition<>(
              "ingest-labels",
              "reads raters' answers",
              IngestLabelsJob.Config.class,
              new IngestLabelsJob(),
              List.of(LABELS),
              List.of(LABELS, QUARANTINE)),
          new JobDefinition<>(
              "labeler-agreement",
              "computes agreement, rater quality and consensus",
              LabelerAgreementJob.Config.class,
              new LabelerAgreementJob(),
              List.of(LABELS, LABELING_QUEUE, INTERACTIONS),
              List.of(ITEM_CONSENSUS, TRAINING_METRICS, LABELER_QUALITY, LABELER_AGREEMENT)),
          new JobDefinition<>(
              "build-preferences",
              "turns labels into a snapshot of training pairs",
              BuildPreferencesJob.Config.class,
              new BuildPreferencesJob(),
              List.of(LABELING_QUEUE, LABELS, LABELER_QUALITY, ITEM_CONSENSUS, INTERACTIONS, RUNS),
              List.of(PREFERENCES, DATASET_SNAPSHOTS)),
          new JobDefinition<>(
              "import-preferences",
              "reads preference pairs made elsewhere into a snapshot",
              ImportPreferencesJob.Config.class,
              new ImportPreferencesJob(),
              List.of(),
              List.of(PREFERENCES, DATASET_SNAPSHOTS, QUARANTINE)),
          new JobDefinition<>(
              "export",
              "writes pairs, labels or the labeling queue for other tools",
              ExportJob.Config.class,
              new ExportJob(),
              List.of(PREFERENCES, DATASET_SNAPSHOTS, LABELS, LABELING_QUEUE),
              List.of()),
          new JobDefinition<>(
              "import-model",
              "takes a Hugging Face folder into the registry and tells what it is",
              ImportModelJob.Config.class,
              new ImportModelJob(),
              List.of(),
              List.of(MODEL_VERSIONS)),
          new JobDefinition<>(
              "train-sft",
              "trains a tokenizer and a language model on clean answers",
              TrainSftJob.Config.class,
              new TrainSftJob(),
              List.of(INTERACTIONS),
              List.of(TRAINING_METRICS, MODEL_VERSIONS)),
          new JobDefinition<>(
              "train-reward",
              "fits a reward model to preference pairs",
              TrainRewardJob.Config.class,
              new TrainRewardJob(),
              List.of(PREFERENCES, DATASET_SNAPSHOTS),
              List.of(TRAINING_METRICS, MODEL_VERSIONS, EVALUATIONS)),
          new JobDefinition<>(
              "evaluate-reward",
              "measures a reward model on a snapshot",
              EvaluateRewardJob.Config.class,
              new EvaluateRewardJob(),
              List.of(PREFERENCES, DATASET_SNAPSHOTS),
              List.of(EVALUATIONS)),
          new JobDefinition<>(
              "train-policy",
              "optimises a policy against a reward model, or on pairs",
              TrainPolicyJob.Config.class,
              new TrainPolicyJob(),
              List.of(PREFERENCES, DATASET_SNAPSHOTS),
              List.of(TRAJECTORIES, TRAINING_METRICS, MODEL_VERSIONS)),
          new JobDefinition<>(
              "evaluate-policy",
              "compares a policy with another on held-out prompts",
              EvaluatePolicyJob.Config.class,
              new EvaluatePolicyJob(),
              List.of(PREFERENCES, DATASET_SNAPSHOTS),
              List.of(JUDGMENTS, EVALUATIONS)),
          new JobDefinition<>(
              "promote",
              "points an alias to a version that passes its gate, here or in another environment",
              PromoteJob.Config.class,
              new PromoteJob(),
              List.of(EVALUATIONS, LINEAGE),
              List.of(ALIAS_EVENTS)),
          new JobDefinition<>(
              "export-model",
              "writes a language model as a Hugging Face folder",
              ExportModelJob.Config.class,
              new ExportModelJob(),
              List.of(),
              List.of()),
          new JobDefinition<>(
              "benchmark-lm",
              "measures language models on this machine",
              BenchmarkLmJob.Config.class,
              new BenchmarkLmJob(),
              List.of(),
              List.of(TRAINING_METRICS)),
          new JobDefinition<>(
              "benchmark-agreement",
              "measures alpha and Dawid-Skene on generated labels",
              BenchmarkAgreementJob.Config.class,
              new BenchmarkAgreementJob(),
              List.of(),
              List.of(TRAINING_METRICS)),
          new JobDefinition<>(
              "benchmark-data",
              "measures ingest, cleaning and duplicates beside a plain copy",
              BenchmarkDataJob.Config.class,
              new BenchmarkDataJob(),
              List.of(),
              List.of(TRAINING_METRICS)),
          new JobDefinition<>(
              "benchmark-labeling",
              "measures how many labels it takes, by how they are chosen",
              BenchmarkLabelingJob.Config.class,
              new BenchmarkLabelingJob(),
              List.of(PREFERENCES, DATASET_SNAPSHOTS),
              List.of(TRAINING_METRICS)),
          new JobDefinition<>(
              "benchmark-training",
              "measures where the time of a PPO step goes",
              BenchmarkTrainingJob.Config.class,
              new BenchmarkTrainingJob(),
              List.of(),
              List.of(TRAJECTORIES, TRAINING_METRICS)),
          new JobDefinition<>(
              "report",
              "draws the whole loop on one page",
              ReportJob.Config.class,
              new ReportJob(),
              List.of(
                  INTERACTIONS_RAW,
                  QUARANTINE,
                  INTERACTIONS,
                  LABELING_QUEUE,
                  LABELS,
                  LABELER_AGREEMENT,
                  LABELER_QUALITY,
                  PREFERENCES,
                  DATASET_SNAPSHOTS,
                  TRAINING_METRICS,
                  JUDGMENTS,
                  EVALUATIONS,
                  MODEL_VERSIONS,
                  ALIAS_EVENTS,
                  RUNS,
                  LINEAGE),
              List.of()));

  private JobCatalogue() {}

  public static List<JobDefinition<?>> jobs() {
    return JOBS;
  }

  /**
   * @throws UserError CONFIG_INVALID if there is no such job, with the nearest name
   */
  public static JobDefinition<?> job(String name) {
    return JOBS.stream()
        .filter(job -> job.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    ErrorCode.CONFIG_INVALID,
                    "Cannot run %s: there is no such job%s. submit --list names them all.",
                    name,
                    Suggestion.didYouMean(name, JOBS.stream().map(JobDefinition::name).toList())));
  }
}
