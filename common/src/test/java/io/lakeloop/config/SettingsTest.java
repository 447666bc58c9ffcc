package io.lakeloop.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @TempDir Path folder;

  enum Mode {
    FAST_ENOUGH,
    SLOW
  }

  record Inner(double learningRate, int steps) {
    Inner {
      Problems.in("inner")
          .require(steps >= 1, "steps must be at least 1, got %d", steps)
          .throwIfAny();
    }
  }

  record Example(
      String name,
      int batchSize,
      boolean shuffle,
      Mode mode,
      List<String> tags,
      Map<String, String> columns,
      Inner inner) {}

  private static final String GOOD =
      """
      name: x
      batch-size: 4
      shuffle: true
      mode: fast-enough
      tags: [a, b]
      columns: {}
      inner:
        learning-rate: 0.1
        steps: 3
      """;

  private Example load(String yaml, Map<String, String> overrides) throws IOException {
    Path file = folder.resolve("example.yaml");
    Files.writeString(file, yaml);
    return Settings.load(Example.class, "example", List.of(file), overrides);
  }

  @Test
  void readsTheFileThenTheCommandLine() throws IOException {
    assertThat(load(GOOD, Map.of()))
        .isEqualTo(
            new Example(
                "x", 4, true, Mode.FAST_ENOUGH, List.of("a", "b"), Map.of(), new Inner(0.1, 3)));
    assertThat(
            load(
                GOOD,
                Map.of(
                    "inner.steps", "7",
                    "name", "123",
                    "mode", "slow",
                    "tags", "c",
                    "columns", "item_id=pair,value=choice")))
        .isEqualTo(
            new Example(
                "123",
                4,
                true,
                Mode.SLOW,
                List.of("c"),
                Map.of("item_id", "pair", "value", "choice"),
                new Inner(0.1, 7)));
  }

  @Test
  void tellsEverythingThatIsWrongAtOnce() {
    String bad =
        """
        name: x
        batchsize: 4
        shuffle: "yes"
        mode: quick
        tags: [a]
        columns: {}
        inner:
          learning-rate: fast
          steps: 100.7
        """;
    assertThatThrownBy(() -> load(bad, Map.of("inner.step", "1")))
        .isInstanceOf(UserError.class)
        .hasMessageContainingAll(
            "Cannot use the settings of example",
            "batchsize is unknown (did you mean batch-size?)",
            "batch-size is missing",
            "shuffle must be true or false, got \"yes\"",
            "mode must be one of fast-enough, slow, got 'quick'",
            "inner.learning-rate must be a number, got \"fast\"",
            "inner.steps must be a whole number, got 100.7",
            "inner.step is unknown (did you mean steps?)");
  }

  @Test
  void tellsUnknownKeysBesideValuesOutOfRange() {
    assertThatThrownBy(() -> load(GOOD, Map.of("inner.steps", "0", "shufle", "true")))
        .isInstanceOf(UserError.class)
        .hasMessageContainingAll(
            "steps must be at least 1, got 0", "shufle is unknown (did you mean shuffle?)");
  }

  @Test
  void refusesAKeyThatStandsTwice() {
    assertThatThrownBy(() -> load(GOOD + "name: y\n", Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("Duplicate");
  }

  @Test
  void namesTheMissingFile() {
    assertThatThrownBy(
            () ->
                Settings.load(
                    Example.class, "example", List.of(folder.resolve("none.yaml")), Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessageContainingAll("there is no file", "none.yaml", "--conf");
  }

  @Test
  void equalSettingsGiveEqualJson() throws IOException {
    assertThat(Settings.toJson(load(GOOD, Map.of("columns", "a=1,b=2"))))
        .isEqualTo(Settings.toJson(load(GOOD, Map.of("columns", "b=2,a=1"))))
        .contains("\"batch-size\":4", "\"mode\":\"fast-enough\"");
  }
}
