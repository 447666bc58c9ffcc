package io.lakeloop.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.text.personal.PersonalDataFinder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactorTest {
  private static Redactor redactor() {
    return new Redactor(new PersonalDataFinder(PersonalDataFinder.Settings.standard()));
  }

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
    "PHONE, (212) 555-0187 9",
    "IP, 2001:db8::ff00:42:8329",
    "MAC, 3c:22:fb:41:0a:9e",
    "URL_CREDENTIALS, https://ann:s3cret@files.example.org/x",
    "URL_CREDENTIALS, https://api.example.org/v1?user=1&access_token=abcdef123",
    "SECRET, ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "SECRET, AKIAIOSFODNN7EXAMPLE",
    "CRYPTO_ADDRESS, 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "CRYPTO_ADDRESS, bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    // National numbers with checks: examples of the issuing authorities or of their standards.
    "NATIONAL_ID, 11010519491231002X",
    "NATIONAL_ID, 111.444.777-35",
    "NATIONAL_ID, RSSMRA85T10A562S",
    "NATIONAL_ID, 12345678Z",
    "NATIONAL_ID, 2 55 08 14 168 025 38",
    "NATIONAL_ID, AB 12 34 56 C"
  })
  void replacesWhatItFinds(String kind, String value) {
    Redactor.Redaction redaction = redactor().redact("Take " + value + " please.");
    assertThat(redaction.text()).isEqualTo("Take <" + kind + "_1> please.");
    assertThat(redaction.kinds()).isEqualTo(List.of(kind));
  }

  @ParameterizedTest
  @CsvSource({
    // A wrong check digit: no card, and no phone number has so many digits.
    "4111111111111112",
    "version 3.5.7 of 2026-01-31",
    "order 1234567",
    // A wrong check character or sum.
    "11010519491231002A",
    "RSSMRA85T10A562T",
    "12345678A",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "https://help.example.org/how-to",
    "at 12:30:45 for 1 000 000 people"
  })
  void leavesTheRest(String value) {
    assertThat(redactor().redact("It is " + value).text()).isEqualTo("It is " + value);
  }

  @Test
  void sameValueSamePlaceholderThroughoutAConversation() {
    Redactor conversation = redactor();
    assertThat(conversation.redact("a@b.org and c@d.org").text())
        .isEqualTo("<EMAIL_1> and <EMAIL_2>");
    assertThat(conversation.redact("again c@d.org").text()).isEqualTo("again <EMAIL_2>");
  }

  @Test
  void cleaningFoldsFormsAndDropsWhatCannotBeSeen() {
    assertThat(Sanitiser.clean("\uFF21\u200Bbc\u202E  d\u0007e\r\nf")).isEqualTo("Abc de\nf");
    assertThat(Skeleton.of("Hello,  WORLD!")).isEqualTo(Skeleton.of("hello world"));
  }

  @Test
  void pseudonymsNeedTheKey() {
    Pseudonyms one = new Pseudonyms("a".repeat(32).getBytes());
    Pseudonyms other = new Pseudonyms("b".repeat(32).getBytes());
    assertThat(one.of("user-1")).isEqualTo(one.of("user-1")).isNotEqualTo(other.of("user-1"));
    assertThat(one.of("user-1")).doesNotContain("user").hasSize(32);
  }

  @ParameterizedTest
  @CsvSource({
    "I was born on 12/27/1986 in Lyon, BIRTH_DATE",
    "my date of birth is March 3rd 1990, BIRTH_DATE",
    "My zip code is 77058, POSTAL_CODE",
    "PLZ 10115 in Berlin, POSTAL_CODE",
    "My driver's license number is 481195160, DRIVER_LICENCE",
    "my NHS number is 943 476 5919, NATIONAL_ID",
    "the password is Tr0ub4dor&3, SECRET",
    "you can call 4155550132, PHONE"
  })
  void wordsNearItDecide(String text, String kind) {
    assertThat(redactor().redact(text).kinds()).containsExactly(kind);
    assertThat(redactor().redact("It is " + text.replaceAll("[^0-9]", " ").strip()).kinds())
        .doesNotContain(kind);
  }

  @Test
  void disguisesDoNotHide() {
    Sanitiser sanitiser = new Sanitiser();
    String hidden =
        "jane\u200B.doe@ma\u00ADil.example, \uFF14111 1111 1111 1111, ٤١١١ 1111 1111 1111";
    assertThat(redactor().redact(sanitiser.apply(hidden)).text())
        .isEqualTo("<EMAIL_1>, <CARD_1>, <CARD_2>");
    assertThat(sanitiser.changes()).containsEntry("zero_width", 2).containsEntry("nfkc", 1);
  }

  @Test
  void whatCannotBeSeenIsCountedAndGoes() {
    Sanitiser sanitiser = new Sanitiser();
    assertThat(sanitiser.apply("a\u202Eb\u0000c\uFFFDd\uD800 p\u0430ypal"))
        .isEqualTo("abcd p\u0430ypal");
    assertThat(sanitiser.changes())
        .containsEntry("bidi", 1)
        .containsEntry("control", 1)
        .containsEntry("invalid_utf8", 2)
        .containsEntry("homoglyph", 1);
    // Joiners that a script or an emoji needs stay; so does code's indentation.
    String joined = "می\u200Cخواهم \uD83D\uDC68\u200D\uD83D\uDC69";
    assertThat(Sanitiser.clean(joined)).isEqualTo(joined);
    assertThat(Sanitiser.clean("if x:\n    y  = 1")).isEqualTo("if x:\n    y = 1");
  }

  @Test
  void lookalikesMatchButAreKeptForReading() {
    String disguised = "P\u0430yp\u0430l \u0441ustomer";
    assertThat(Skeleton.of(disguised)).isEqualTo(Skeleton.of("PayPal, customer!"));
    assertThat(Sanitiser.clean(disguised)).isEqualTo(disguised);
  }
}
