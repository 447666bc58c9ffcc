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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "de89 3704 0044 0532 0130 00",
        "De89-3704-0044-0532-0130-00",
        "gb82 west 1234 5698 7654 32",
        "nl91abna0417164300",
        "BE68 5390 0754 7034",
        "fr14 2004 1010 0505 0001 3m02 606"
      })
  void accountNumbersInAnyLettersAndGroups(String iban) {
    // Words of four letters behind it could be groups of it.
    assertThat(redactor().redact("My account " + iban + " dann bank").text())
        .isEqualTo("My account <IBAN_1> dann bank");
    String altered = iban.replaceFirst("3$|.(?=.{3}$)", "9");
    assertThat(redactor().redact("My account " + altered).kinds()).doesNotContain("IBAN");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "メールはjane@example.comです | メールは<EMAIL_1>です",
        "请发邮件到jane@example.com或者访问10.0.0.5。 | 请发邮件到<EMAIL_1>或者访问<IP_1>。",
        "电话13812345678谢谢 | 电话<PHONE_1>谢谢",
        "請撥打0912345678謝謝 | 請撥打<PHONE_1>謝謝",
        "電話は090-1234-5678です | 電話は<PHONE_1>です",
        "전화는 010-1234-5678입니다 | 전화는 <PHONE_1>입니다",
        "โทร0812345678ครับ อีเมลjane@example.comครับ | โทร<PHONE_1>ครับ อีเมล<EMAIL_1>ครับ",
        "カード4111111111111111です | カード<CARD_1>です",
        "卡号4111 1111 1111 1111谢谢 | 卡号<CARD_1>谢谢",
        "账号DE89370400440532013000谢谢 | 账号<IBAN_1>谢谢",
        "身份证11010519491231002X谢谢 | 身份证<NATIONAL_ID_1>谢谢",
        "MAC是3c:22:fb:41:0a:9e吗 | MAC是<MAC_1>吗",
        "メール:用户@例子.公司 へ | メール:<EMAIL_1> へ",
        "订单号13812345678,请查询 | 订单号13812345678,请查询",
        "注文番号は09012345678です | 注文番号は09012345678です"
      })
  void lettersOfScriptsWithoutBlanksBeginNoWord(String text, String redacted) {
    assertThat(redactor().redact(text).text()).isEqualTo(redacted);
  }

  @ParameterizedTest
  @CsvSource({
    "reset?email=jane.sample%40example.com&lang=en, reset?email=<EMAIL_1>&lang=en",
    "reset?email=jane.sample%2540example.com&lang=en, reset?email=<EMAIL_1>&lang=en",
    "u?to=mailto%3Ajane%2Btag%40example.com%26a%3D1, u?to=mailto%3A<EMAIL_1>%26a%3D1",
    "u?next=https%3A%2F%2Fy.example%2F%3Fe%3Djane%2540example.com, u?next=https%3A%2F%2Fy.example%2F%3Fe%3D<EMAIL_1>",
    "u?phone=%2B49%2030%2090821282&x=1, u?phone=<PHONE_1>&x=1",
    "u?iban=DE89%203704%200044%200532%200130%2000, u?iban=<IBAN_1>",
    "u?n=andr%C3%A9%40example.com, u?n=<EMAIL_1>",
    "u?q=50%20off%20100%25&id=4155550132, u?q=50%20off%20100%25&id=4155550132",
    "p/4155550132, p/4155550132"
  })
  void linksNamePeopleByEscapes(String link, String redacted) {
    assertThat(redactor().redact("See https://shop.example.com/" + link + " please").text())
        .isEqualTo("See https://shop.example.com/" + redacted + " please");
  }

  @Test
  void escapesMakeNoOtherValue() {
    assertThat(redactor().redact("jane@mail.example or e=Jane%40mail.example").text())
        .isEqualTo("<EMAIL_1> or e=<EMAIL_1>");
    assertThat(redactor().redact("http://10.0.0.5:8080/lib/1.2.3.4/x.js").text())
        .isEqualTo("http://<IP_1>:8080/lib/1.2.3.4/x.js");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "The book is ISBN 978-3-16-148410-0, call me",
        "ISBN-10: 0-306-40615-2, also 0 306 40615 2",
        "call about 9783161484100",
        "EAN 4006381333931 and UPC 036000291452 and ISSN 2049-3630",
        "build 10.0.19045.3803, Chrome 121.0.6167.185, kernel 6.1.7601.24545",
        "Python 3.11.4.1, JDK 17.0.15.6",
        "v1.2.3.4, server version 1.2.3.4, from version 1.2.3.4 to 1.2.3.5, lib-1.2.3.4.zip",
        "report@2x.png, user@3x.jpg, logo@1.5x.webp and photo@home.jpeg",
        "git clone git@github.com:org/repo.git and npm i left-pad@1.2.3",
        "order number 4155550132, invoice no. 2025550143, Ticket 212-555-0187",
        "212-555-0187 is my order number",
        "The meeting id is 834 1234 5678. Meeting ID: 812 3456 7890",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "id 550e8400-e29b-41d4-a716-446655440000, 12345678-1234-1234-1234-123456789012",
        "at 2024-01-15T10:30:45.123Z, 20240115103045, timestamp 1700000000000",
        "call 1000-2000 users in the office, 2019-2020, pages 1200-1350"
      })
  void numbersOfThingsStay(String text) {
    assertThat(redactor().redact(text).text()).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "customer 212-555-0187 called | customer <PHONE_1> called",
        "EAN 4111111111111111 | EAN <CARD_1>",
        "call me at 415.555.0132 | call me at <PHONE_1>",
        "06.12.34.56.78 or 030.1234567 call | <PHONE_1> or <PHONE_2> call",
        "My order: 12, my phone 212-555-0187 | My order: 12, my phone <PHONE_1>",
        "the IP 10.0.0.5 of build 7 | the IP <IP_1> of build 7",
        "mail x@files.example.zip or a@b.py | mail <EMAIL_1> or <EMAIL_2>"
      })
  void numbersOfPeopleAreStillFound(String text, String redacted) {
    assertThat(redactor().redact(text).text()).isEqualTo(redacted);
  }
}
