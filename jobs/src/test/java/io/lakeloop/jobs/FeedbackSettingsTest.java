package io.lakeloop.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Settings;
import io.lakeloop.config.UserError;
import io.lakeloop.run.JobDefinition;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings of the feedback jobs that no run could do anything sensible with. */
class FeedbackSettingsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "labeler-agreement|consensus.methods|dawid-skene,dawid-skene",
        "labeler-agreement|consensus.tolerance|1",
        "labeler-agreement|consensus.tolerance|-1e-9",
        "labeler-agreement|consensus.tolerance|.nan",
        "labeler-agreement|consensus.iterations|100001",
        "labeler-agreement|coefficients.slices|cohort,cohort",
        "labeler-agreement|coefficients.resamples|100001",
        "labeler-agreement|coefficients.pair-raters|1001",
        "labeler-agreement|coefficients.categories.q|'a|b|b|tie'",
        "labeler-agreement|coefficients.categories.q|'a| |tie'",
        "labeler-agreement|coefficients.categories.q|'a|b|'",
        "labeler-agreement|coefficients.categories.q|''",
        "benchmark-agreement|raters|2000000000",
        "benchmark-agreement|classes|100",
        "benchmark-agreement|iterations|100001",
        "benchmark-agreement|tolerance|1",
        "build-preferences|labels.grades.a|NaN",
        "build-preferences|labels.grades.a|Infinity",
        "build-preferences|labels.reasons.x|Infinity",
        "build-preferences|labels.reasons.x|0",
        "build-preferences|labels.reasons.x|1001",
        "build-preferences|labels.margin-per-grade|1e999",
        "build-preferences|labels.signals.csat|1e999",
        "build-preferences|labels.signals.task-completed|.nan",
        "clean-logs|quality.min-letter-share|1.1",
        "clean-logs|quality.min-alphabetic-words|-0.1",
        "clean-logs|quality.max-bullet-lines|.nan",
        "clean-logs|quality.max-ellipsis-lines|30",
        "clean-logs|quality.max-duplicate-lines|-1",
        "clean-logs|quality.max-repeated-ngrams|15",
        "clean-logs|quality.max-top-bigram|2.1",
        "clean-logs|quality.max-mean-word-length|.inf",
        "clean-logs|quality.max-symbols-per-word|-1",
        "clean-logs|quality.min-stop-words|9",
        "clean-logs|personal-data.kinds|''",
        "export|dataset|labels",
        "simulate-logs|size|2147483647",
        "simulate-logs|conversations|36000001",
        "simulate-logs|gold-questions|1000001"
      })
  void areRefused(String job, String setting, String value) {
    assertRefused(job, setting, Map.of(setting, value));
  }

  @Test
  void categoriesAreNoMoreThanAQuestionMayHave() {
    String most = numbers(100, "|");
    assertThatCode(() -> load("labeler-agreement", Map.of("coefficients.categories.q", most)))
        .doesNotThrowAnyException();
    assertRefused(
        "labeler-agreement",
        "coefficients.categories.q",
        Map.of("coefficients.categories.q", numbers(101, "|")));
  }

  @Test
  void answersAreRenamedUpToAHundred() {
    String names = numbers(101, ",").replaceAll("(\\d+)", "$1=a");
    assertRefused("ingest-labels", "values", Map.of("values", names));
  }

  @Test
  void disagreementNeedsDifferentModels() {
    Map<String, String> settings =
        Map.of("boosts.disagreement", "2", "reward-models", "reward/1,reward/1");
    assertRefused("sample-for-labeling", "reward-models", settings);
  }

  @Test
  void labelStudioHoldsTheLabelingQueue() {
    Map<String, String> queue = Map.of("format", "label-studio", "dataset", "labeling-queue");
    assertThatCode(() -> load("export", queue)).doesNotThrowAnyException();
    assertRefused("export", "dataset", Map.of("format", "label-studio", "dataset", "labels"));
    assertRefused("export", "dataset", Map.of("format", "hh", "dataset", "labeling-queue"));
  }

  private static void assertRefused(String job, String setting, Map<String, String> settings) {
    UserError error = catchThrowableOfType(UserError.class, () -> load(job, settings));
    assertThat(error).isNotNull();
    assertThat(error.code()).isEqualTo(ErrorCode.CONFIG_INVALID);
    assertThat(error).hasMessageContaining(setting);
    assertThat(error.getMessage().lines()).hasSize(1);
  }

  private static void load(String name, Map<String, String> settings) {
    JobDefinition<?> job = JobCatalogue.job(name);
    Map<String, String> all = new HashMap<>(settings);
    if (List.of("ingest-labels", "export").contains(name)) {
      all.put("path", "somewhere");
    }
    Path file = Path.of("..", "conf", "local", name + ".yaml");
    Settings.load(job.settings(), name, List.of(file), all);
  }

  private static String numbers(int count, String separator) {
    return IntStream.range(0, count)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(separator));
  }
}
