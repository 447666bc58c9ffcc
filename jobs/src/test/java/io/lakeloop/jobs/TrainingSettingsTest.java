package io.lakeloop.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Settings;
import io.lakeloop.config.UserError;
import io.lakeloop.run.JobDefinition;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings with which training, evaluation or a benchmark cannot end well are refused at once. */
class TrainingSettingsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "evaluate-policy|samples-per-prompt|2147483647",
        "evaluate-policy|samples-per-prompt|0",
        "evaluate-policy|temperature|1e-300",
        "evaluate-policy|temperature|.inf",
        "evaluate-policy|temperature|1e400",
        "evaluate-policy|temperature|.nan",
        "evaluate-policy|temperature|-1",
        "train-sft|batch-size|2147483647",
        "train-sft|epochs|2147483647",
        "train-sft|warmup-ratio|-1",
        "train-sft|warmup-ratio|1.5",
        "train-sft|max-grad-norm|0",
        "train-sft|max-grad-norm|-1",
        "train-sft|max-grad-norm|1e-300",
        "train-sft|max-grad-norm|1e400",
        "train-sft|max-grad-norm|.nan",
        "train-sft|weight-decay|-0.1",
        "train-sft|weight-decay|1",
        "train-sft|weight-decay|.nan",
        "train-sft|learning-rate|0",
        "train-sft|learning-rate|.nan",
        "train-sft|learning-rate|1e400",
        "train-sft|max-prompt-tokens|2147483647",
        "train-sft|max-completion-tokens|2147483647",
        "train-sft|model.hidden-size|2147483647",
        "train-sft|model.hidden-size|0",
        "train-sft|model.layers|2147483647",
        "train-sft|model.intermediate-size|2147483647",
        "train-sft|model.heads|2147483647",
        "train-sft|engine.lora.rank|2147483647",
        "train-sft|fleet.shards|2147483647",
        "train-sft|fleet.tasks|2147483647",
        "train-reward|transformer.batch-size|2147483647",
        "train-reward|transformer.epochs|2147483647",
        "train-reward|transformer.max-grad-norm|0",
        "train-reward|transformer.max-grad-norm|1e400",
        "train-reward|transformer.weight-decay|-1",
        "train-reward|transformer.weight-decay|1",
        "train-reward|transformer.learning-rate|1e400",
        "train-reward|linear.regularisation|1e308",
        "train-reward|linear.regularisation|1e400",
        "train-reward|linear.iterations|2147483647",
        "train-reward|limits.max-prompt-tokens|2147483647",
        "train-reward|limits.max-completion-tokens|-1",
        "train-reward|reference-samples|2147483647",
        "train-reward|engine.lora.rank|2147483647",
        "train-policy|limits.max-prompt-tokens|2147483647",
        "train-policy|limits.max-prompt-tokens|-1",
        "train-policy|limits.max-completion-tokens|2147483647",
        "train-policy|rollout.steps|2147483647",
        "train-policy|rollout.prompts-per-step|2147483647",
        "train-policy|rollout.samples-per-prompt|2147483647",
        "train-policy|rollout.temperature|1e-300",
        "train-policy|rollout.temperature|1e400",
        "train-policy|rollout.temperature|0",
        "train-policy|rollout.missing-end-value|1e400",
        "train-policy|rollout.safety-penalty|1e400",
        "train-policy|kl.beta|1e400",
        "train-policy|kl.target|1e400",
        "train-policy|kl.horizon|1e400",
        "train-policy|update.epochs|2147483647",
        "train-policy|update.learning-rate|1e400",
        "train-policy|update.max-grad-norm|1e-300",
        "train-policy|update.adam-epsilon|1e400",
        "train-policy|update.value-coefficient|1e400",
        "train-policy|update.stop-kl|-1",
        "train-policy|update.stop-kl|.nan",
        "train-policy|dpo.beta|1e400",
        "train-policy|dpo.epochs|2147483647",
        "train-policy|dpo.batch-size|2147483647",
        "train-policy|dpo.learning-rate|1e400",
        "train-policy|fleet.shards|2147483647",
        "benchmark-labeling|regularisation|1e308",
        "benchmark-labeling|regularisation|1e400",
        "benchmark-labeling|repetitions|2147483647",
        "benchmark-data|rounds|2147483647",
        "benchmark-lm|model.vocab-size|2147483647",
        "benchmark-lm|model.vocab-size|0",
        "benchmark-lm|model.hidden-size|2147483647",
        "benchmark-lm|model.intermediate-size|2147483647",
        "benchmark-lm|model.layers|2147483647",
        "benchmark-lm|model.heads|2147483647",
        "benchmark-lm|threads|2147483647",
        "benchmark-lm|batch-size|2147483647",
        "benchmark-lm|sequence-length|2147483647",
        "benchmark-lm|lora-rank|2147483647",
        "benchmark-lm|prompt-tokens|2147483647",
        "benchmark-lm|new-tokens|2147483647",
        "benchmark-lm|repeats|2147483647",
        "benchmark-training|vocab-size|2147483647",
        "benchmark-training|layers|2147483647",
        "benchmark-training|prompt-tokens|2147483647",
        "benchmark-training|completion-tokens|2147483647",
        "benchmark-training|prompts-per-step|2147483647",
        "benchmark-training|steps|2147483647",
        "benchmark-training|network-gigabits|1e400",
      })
  void isRefusedByItsName(String name, String setting, String value) {
    refused(name, Map.of(setting, value), setting);
  }

  @ParameterizedTest
  @CsvSource({"12.8", "1"})
  void aKlHorizonThatCouldTurnBetaNegativeIsRefused(String horizon) {
    refused("train-policy", Map.of("kl.target", "6.0", "kl.horizon", horizon), "kl.horizon");
  }

  private static void refused(String name, Map<String, String> settings, String named) {
    JobDefinition<?> job =
        JobCatalogue.jobs().stream().filter(j -> j.name().equals(name)).findFirst().orElseThrow();
    Path file = Path.of("..", "conf", "local", name + ".yaml");
    assertThatThrownBy(() -> Settings.load(job.settings(), name, List.of(file), settings))
        .isInstanceOfSatisfying(
            UserError.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
        .hasMessageContaining(named)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }
}
