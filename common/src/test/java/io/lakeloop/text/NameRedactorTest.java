package io.lakeloop.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NameRedactorTest {
  @Test
  void personalDataInNamesGoesAndDifferentNamesStayDifferent() {
    NameRedactor names = new NameRedactor();
    String first = names.redact("file:/in/logs_jane.roe@mail.example_2026.jsonl");
    String second = names.redact("file:/in/logs_john.doe@mail.example_2026.jsonl");
    assertThat(first).doesNotContain("jane").startsWith("file:/in/").isNotEqualTo(second);
    assertThat(names.redact("/in/card_4111 1111 1111 1111.csv")).doesNotContain("4111 1111");
    assertThat(names.redact("jane@half")).doesNotContain("jane");
  }

  @Test
  void namesOfThingsStay() {
    NameRedactor names = new NameRedactor();
    for (String name :
        List.of(
            "/data/2026-01-31/logs-17.jsonl",
            "s3a://bucket/prefix/part-00001.gz",
            "reward/latest",
            "0a6f".repeat(16),
            "{lake}/landing/logs.jsonl")) {
      assertThat(names.redact(name)).isEqualTo(name);
    }
  }

  @Test
  void figuresInLinesStay() {
    NameRedactor lines = NameRedactor.ofLines();
    String line =
        "policy/1 is now policy/champion: win rate 0.726 (95% CI 0.684-0.770), 1,931 of 20,000 rows";
    assertThat(lines.redact(line)).isEqualTo(line);
    assertThat(lines.redact("Cannot read /in/jane@mail.example.csv: gone")).doesNotContain("jane");
  }
}
