package io.lakeloop.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactorTest {
  @ParameterizedTest
  @CsvSource({
    "EMAIL, jane.doe+x@mail.example.org",
    "IBAN, DE89 3704 0044 0532 0130 00",
    "IBAN, GB82WEST12345698765432",
    "CARD, 4111 1111 1111 1111",
    "CARD, 5500005555555559",
    "SSN, 536-90-4399",
    "IP, 192.168.17.4",
    "PHONE, +49 30 12345678",
    "PHONE, (212) 555-0187 9"
  })
  void replacesWhatItFinds(String kind, String value) {
    Redactor.Redaction redaction = new Redactor().redact("Take " + value + " please.");
    assertThat(redaction.text()).isEqualTo("Take <" + kind + "_1> please.");
    assertThat(redaction.kinds()).isEqualTo(List.of(kind));
  }

  @ParameterizedTest
  @CsvSource({
    // A wrong check digit: no card, and no phone number has so many digits.
    "4111111111111112",
    "version 3.5.7 of 2026-01-31",
    "order 1234567"
  })
  void leavesTheRest(String value) {
    assertThat(new Redactor().redact("It is " + value).text()).isEqualTo("It is " + value);
  }

  @Test
  void sameValueSamePlaceholderThroughoutAConversation() {
    Redactor conversation = new Redactor();
    assertThat(conversation.redact("a@b.org and c@d.org").text())
        .isEqualTo("<EMAIL_1> and <EMAIL_2>");
    assertThat(conversation.redact("again c@d.org").text()).isEqualTo("again <EMAIL_2>");
  }

  @Test
  void cleaningFoldsFormsAndDropsWhatCannotBeSeen() {
    assertThat(TextCleaner.clean("\uFF21\u200Bbc\u202E  d\u0007e\r\nf")).isEqualTo("Abc de\nf");
    assertThat(TextCleaner.fingerprint("Hello,  WORLD!"))
        .isEqualTo(TextCleaner.fingerprint("hello world"));
  }

  @Test
  void pseudonymsNeedTheKey() {
    Pseudonyms one = new Pseudonyms("a".repeat(32).getBytes());
    Pseudonyms other = new Pseudonyms("b".repeat(32).getBytes());
    assertThat(one.of("user-1")).isEqualTo(one.of("user-1")).isNotEqualTo(other.of("user-1"));
    assertThat(one.of("user-1")).doesNotContain("user").hasSize(32);
  }
}
