package io.lakeloop.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.text.personal.PersonalDataFinder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PostalCodesTest {
  private static Redactor.Redaction redact(String text) {
    return new Redactor(new PersonalDataFinder(PersonalDataFinder.Settings.standard()))
        .redact(text);
  }

  /** The code stands in brackets. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Ship it to 123 Main St, Springfield, IL [62704-1234].",
        "I live in Austin, Texas [78701] and like it",
        "12 High St, austin, tx [78701]",
        "PSC 1437, Box 3833, APO AA [66791]",
        "my zip code is [880]",
        "ZIP: [75534-030]",
        "10 Downing Street, London [SW1A 2AA]",
        "12 High Street, London [e1 6an]",
        "postcode [SW1A2AA]",
        "Toronto, ON [M5V 3L9]",
        "1 Grafton Street, Dublin [D02 X285]",
        "Keizersgracht 123, [1015 CJ] Amsterdam",
        "Damrak 1, [1012AB] Amsterdam",
        "Musterstraße 5, [10115] Berlin",
        "Ich wohne in [10115] Berlin.",
        "D-[10115] Berlin",
        "CH-[8001] Zürich",
        "Bahnhofstrasse 1, [8001] Zürich",
        "Riga, LV-[1010]",
        "12 rue de la Paix, [75002] Paris, France",
        "Via Roma 10, [00184] Roma",
        "Calle Mayor 5, [28013] Madrid",
        "Rue Neuve 5, [1000] Bruxelles",
        "〒[100-0001] 東京都千代田区",
        "[100-0001] 東京都千代田区千代田1-1",
        "邮编[100020]",
        "Av. Paulista 1000, São Paulo - SP, [01310-100]",
        "Rua Augusta 5, [1100-053] Lisboa",
        "in Quinta de São Tiago [3610-114] in its mission",
        "ul. Długa 5, [00-950] Warszawa",
        "Drottninggatan 5, [114 55] Stockholm",
        "SE-[114 55] Stockholm",
        "12 MG Road, Bengaluru, Karnataka [560001]",
        "New Delhi - [110001]",
        "10 Orchard Road, Singapore [238859]",
        "10 George St, Sydney NSW [2000]",
        "4 Oak Lane Albany New Zealand [79879]. I moved",
        "we are in Bjert [6091] in the north"
      })
  void codesAreFoundByTheirPlaceInAnAddress(String text) {
    String code = text.replaceAll(".*\\[|].*", "");
    assertThat(redact(text.replaceAll("[\\[\\]]", "")).text())
        .isEqualTo(text.replace("[" + code + "]", "<POSTAL_CODE_1>"));
  }

  @Test
  void codesOnLinesOfAnAddress() {
    assertThat(redact("Frau Müller\nHauptstr. 12a\n80331 München\nDeutschland").text())
        .isEqualTo("Frau Müller\nHauptstr. 12a\n<POSTAL_CODE_1> München\nDeutschland");
    assertThat(redact("Billing address: Al\n  3 Via Franscini 71\n  Tujetsch\n  7188").text())
        .endsWith("Tujetsch\n  <POSTAL_CODE_1>");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "order 12345 and order number 10115",
        "It costs 12345 Euro, 10000 Dollar and has 50000 Einwohner",
        "We sold 15000 Units in Berlin 2019",
        "In Windows 2000 and Office 2019 and Nokia 3310",
        "in Texas 20000 people, in Germany 2024",
        "from Boston 10000 users came",
        "I paid 80331 for it, there were 10115 users",
        "Page 12345 of the book; Room 1204; Model X5 3000",
        "Invoice 12345 Berlin, Ticket 54321 Hamburg",
        "between 10-100 People and 50-100 Euro",
        "12345 items, 10 000 Einwohner, 123 456 files",
        "Item 12345-678 is sold out, part 1234-567",
        "Version 12345 Released. 20000 Leagues Under the Sea",
        "iPhone 12, 10000 Photos",
        "The code 123456 is valid. OTP 123456, PIN 4321",
        "$12345 or 12345% of 10115 €"
      })
  void otherNumbersStay(String text) {
    assertThat(redact(text).text()).isEqualTo(text);
  }
}
