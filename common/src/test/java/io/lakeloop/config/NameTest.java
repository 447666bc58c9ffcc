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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a path, a predicate or a reference could read otherwise is no name. */
class NameTest {
  private static final String LONGEST = "a".repeat(100);

  record Config(Name name, NameOrNone run, Inner inner) {}

  record Inner(Name suite) {}

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        ".",
        "..",
        ".hidden",
        "-rf",
        "../models/reward",
        "../../../x",
        "a/b",
        "a\\b",
        "a..b",
        "a/B c",
        "it's",
        "x' OR '1'='1",
        "a\"b",
        "a\nb",
        "a\u0000",
        "caf\u00e9",
        "\u0430dmin",
        "a\u202eb",
        "a%2fb",
        "a=b",
        "a:b",
        "{lake}"
      })
  void isRefusedInOneLine(String text) {
    assertThatThrownBy(() -> Name.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is no name")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\u0000", "\u202e"));
  }

  @Test
  void isBoundedAndSoIsWhatIsSaidOfIt() {
    assertThat(Name.parse(LONGEST).text()).isEqualTo(LONGEST);
    assertThatThrownBy(() -> Name.parse(LONGEST + "a"))
        .hasMessageContaining("(101 characters)")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(250));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sft", "reward-linear", "Qwen3-0.6B", "a_b", "7", "v1.2.3"})
  void isItsText(String text) {
    assertThat(Name.parse(text)).hasToString(text);
    assertThat(Settings.toJson(Map.of("name", Name.parse(text))))
        .isEqualTo("{\"name\":\"%s\"}".formatted(text));
  }

  private static Config load(Path folder, Map<String, String> overrides) throws IOException {
    Path file =
        Files.writeString(folder.resolve("x.yaml"), "name: sft\nrun: \"\"\ninner: {suite: desk}\n");
    return Settings.load(Config.class, "x", List.of(file), overrides);
  }

  /** Runs go on under the digest of their settings: it must not depend on the type. */
  @Test
  void settingsReadAndWriteItAsText(@TempDir Path folder) throws IOException {
    Config config = load(folder, Map.of("inner.suite", "desk-2"));
    assertThat(Settings.toJson(config))
        .isEqualTo("{\"name\":\"sft\",\"run\":\"\",\"inner\":{\"suite\":\"desk-2\"}}");
    assertThat(config.run().name()).isEmpty();
    assertThat(load(folder, Map.of("run", "r-1")).run().name()).contains(Name.parse("r-1"));
  }

  @Test
  void settingsTellAllThatIsWrongAtOnce(@TempDir Path folder) {
    assertThatThrownBy(
            () -> load(folder, Map.of("name", "../x", "run", "a b", "inner.suite", "it's")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("name: '../x' is no name")
        .hasMessageContaining("run: 'a b' is no name")
        .hasMessageContaining("inner.suite: 'it's' is no name");
  }
}
