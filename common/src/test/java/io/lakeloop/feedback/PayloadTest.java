package io.lakeloop.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PayloadTest {
  /** Records as they are refused: cut, escaped, mixed up. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"user_id\":\"SECRETVALUE\",\"prompt\":3}",
        "{\"user\": 4930123456}",
        "{\"user_id:\"SECRETVALUE\",\"prompt\":3}",
        "{user_id\":\"SECRETVALUE\",\"prompt\":3}",
        "{\"user_id\";\"SECRETVALUE\",\"prompt\":3}",
        "{\"prompt\":\"write to jane.SECRETVALUE@mail.example",
        "{\"prompt\":\"write to SECRETVALUE@ma",
        "{\"prompt\":\"write to SECRETVALUE\\u0040mail.example\"",
        "\u0000{\"prompt\":\"card 4111 1111\u0000 1111 1111",
        "{\"prompt\":\"card 4111111111",
        "{\"prompt\":\"call +49 30 1234567",
      })
  void keepsNothingPersonal(String record) {
    String kept = new Payload(record).kept();
    assertThat(kept).doesNotContain("SECRETVALUE").doesNotContain("4930123456");
    assertThat(kept.replaceAll("[^0-9]", "")).hasSizeLessThan(6);
  }

  @Test
  void isBoundedAndNeverCutsAnAddressInHalf() {
    String record = "x".repeat(3990) + " jane@mail.example " + "y".repeat(9000);
    assertThat(new Payload(record).kept()).hasSizeLessThan(4001).doesNotContain("jane");
    assertThat(new Payload("{\"created_at\":\"2026-01-05T08:00:00Z\"}").kept())
        .contains("2026-01-05T08:00:00Z");
  }
}
