package io.lakeloop.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QualityTest {
  private static Map<String, Double> broken(String text) {
    Words words = Words.of(text);
    return new QualityRules(QualityRules.Settings.standard())
        .broken(text, words, Skeleton.of(text), Language.of(text, words));
  }

  @Test
  void aPlainAnswerBreaksNothing() {
    assertThat(broken("Your parcel left our store today and will be with you on Friday."))
        .isEmpty();
  }

  @Test
  void valuesThatWereMeasuredStandBesideTheRules() {
    assertThat(broken("ok")).containsEntry("TOO_SHORT", 1.0);
    assertThat(broken(" ")).containsOnlyKeys("EMPTY");
    assertThat(broken("# # # # word word word")).containsEntry("SYMBOLS", 4.0 / 7);
    // Ten words, then the same ten again: of 16 five-grams the last six came before.
    String ten = "one two three four five six seven eight nine ten";
    assertThat(broken(ten + " " + ten)).containsEntry("REPEATED_NGRAMS", 6.0 / 16);
    assertThat(broken("yes yes yes yes yes yes yes yes yes yes yes yes"))
        .containsEntry("TOP_BIGRAM", 2.0 * 11 / 12);
    assertThat(broken("same line\nsame line\nsame line\nanother line here"))
        .containsEntry("REPEATED_LINES", 0.5);
    assertThat(broken("I'm sorry, but I can't help with that request at all."))
        .containsEntry("REFUSAL", 1.0);
  }

  @ParameterizedTest
  @CsvSource({
    "en, Where is the parcel that I have ordered from you?",
    "de, Wo ist das Paket und wann kommt es bei mir an?",
    "fr, Je ne sais pas où est mon colis pour le moment",
    "es, No sé dónde está mi paquete y quiero saberlo",
    "it, Non so dove sono i miei ordini e come posso fare",
    "pt, Não sei onde está o meu pedido e não posso esperar",
    "nl, Ik weet niet waar het pakket is en hoe dat kan",
    "pl, Nie wiem gdzie jest moja paczka i jak to jest",
    "ru, Где моя посылка",
    "uk, Де моя посилка її ще немає",
    "ja, 荷物はどこですか",
    "zh, 我的包裹在哪里",
    "ko, 제 소포는 어디에 있나요",
    "ar, أين طردي",
    "und, zzz qqq 123"
  })
  void tellsLanguages(String language, String text) {
    assertThat(Language.of(text, Words.of(text))).isEqualTo(language);
  }
}
