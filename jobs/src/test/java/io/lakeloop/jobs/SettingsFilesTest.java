package io.lakeloop.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.lakeloop.config.Settings;
import io.lakeloop.run.JobDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The settings files are where defaults and their meaning live. */
class SettingsFilesTest {
  private static final Path CONF = Path.of("..", "conf", "local");

  static Stream<JobDefinition<?>> jobs() {
    return JobCatalogue.jobs().stream();
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void everyJobsFileIsComplete(JobDefinition<?> job) {
    Path file = CONF.resolve(job.name() + ".yaml");
    boolean needsPath =
        Stream.of(
                "ingest-logs",
                "ingest-labels",
                "import-preferences",
                "import-queue",
                "export",
                "evaluate-redaction")
            .anyMatch(job.name()::equals);
    assertThatCode(
            () ->
                Settings.load(
                    job.settings(),
                    job.name(),
                    List.of(file),
                    needsPath ? Map.of("path", "somewhere") : Map.of()))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void everyKeyIsUnderAComment(JobDefinition<?> job) throws IOException {
    List<String> lines = Files.readAllLines(CONF.resolve(job.name() + ".yaml"));
    // Keys of one thought may share the comment above the first; a section's first key has its own.
    for (int i = 0; i < lines.size(); i++) {
      boolean comment = lines.get(i).strip().startsWith("#");
      boolean first = i == 0 || lines.get(i - 1).endsWith(":");
      assertThat(comment || lines.get(i).endsWith(":") || !first).as(lines.get(i)).isTrue();
    }
  }

  /** What the quickstart's results rest on; whoever changes one changes the README's figures. */
  @Test
  void defaultsThatDecideResultsArePinned() throws IOException {
    String policy = Files.readString(CONF.resolve("train-policy.yaml"));
    assertThat(policy)
        .contains("beta: 0.12", "gamma: 1.0", "gae-lambda: 0.95", "clip-range: 0.2", "steps: 50");
    assertThat(Files.readString(CONF.resolve("promote.yaml"))).contains("min-win-rate: 0.5");
  }
}
