package io.lakeloop.feedback.pairs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.feedback.JsonRecordsTest;
import io.lakeloop.feedback.Unusable;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pairs in the forms of the public sets: what was asked, what is better. */
class PairFormatTest {
  private static JsonNode record(String json) {
    return JsonRecordsTest.read(json).get(0).node();
  }

  private static List<Pair> pairs(String json) throws Unusable {
    return PairFormat.of(record(json)).orElseThrow().pairs(record(json));
  }

  private static String said(Pair pair) {
    return pair.before().messages().stream()
        .map(message -> message.role().label() + ":" + message.content())
        .collect(Collectors.joining(" | "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "TRL~{\"prompt\":\"Q\",\"chosen\":\"A\",\"rejected\":\"B\"}",
        "TRL~{\"prompt\":[{\"role\":\"user\",\"content\":\"Q\"}],\"chosen\":[{\"role\":\"assistant\",\"content\":\"A\"}],\"rejected\":[{\"role\":\"assistant\",\"content\":\"B\"}]}",
        "TRL~{\"prompt\":\"Q\",\"chosen\":[{\"role\":\"assistant\",\"content\":\"A\"}],\"rejected\":[{\"role\":\"assistant\",\"content\":\"B\"}]}",
        "TRL~{\"prompt\":[{\"role\":\"user\",\"content\":\"Q\"}],\"chosen\":\"A\",\"rejected\":\"B\"}",
        "TRL~{\"prompt\":\"Q\",\"chosen\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"A\"}],\"rejected\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"B\"}],\"messages\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"A\"}],\"score_chosen\":8.5,\"score_rejected\":3.0}",
        "TRL~{\"chosen\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"A\"}],\"rejected\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"B\"}]}",
        "TRL~{\"prompt\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Q\"}]}],\"chosen\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"A\"}]}],\"rejected\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"B\"}]}]}",
        "TRL~{\"conversations\":[{\"from\":\"human\",\"value\":\"Q\"}],\"chosen\":{\"from\":\"gpt\",\"value\":\"A\"},\"rejected\":{\"from\":\"gpt\",\"value\":\"B\"}}",
        "TRL~{\"instruction\":\"Q\",\"input\":\"\",\"chosen\":\"A\",\"rejected\":\"B\"}",
        "TRL~{\"instruction\":\"Q\",\"chosen_response\":\"A\",\"rejected_response\":\"B\",\"chosen_avg_rating\":5,\"rejected_avg_rating\":2}",
        "TRL~{\"system\":\"\",\"question\":\"Q\",\"chosen\":\"A\",\"rejected\":\"B\"}",
        "OPENAI_DPO~{\"input\":{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}]},\"preferred_output\":[{\"role\":\"assistant\",\"content\":\"A\"}],\"non_preferred_output\":[{\"role\":\"assistant\",\"content\":\"B\"}]}",
        "HH~{\"chosen\":\"\\n\\nHuman: Q\\n\\nAssistant: A\",\"rejected\":\"\\n\\nHuman: Q\\n\\nAssistant: B\"}",
        "ULTRAFEEDBACK~{\"instruction\":\"Q\",\"completions\":[{\"response\":\"B\",\"overall_score\":4.0},{\"response\":\"A\",\"overall_score\":7.5},{\"response\":null,\"overall_score\":9}]}",
        "NECTAR~{\"prompt\":\"\\n\\nHuman: Q\\n\\nAssistant: \",\"answers\":[{\"answer\":\"A\",\"rank\":1.0},{\"answer\":\"B\",\"rank\":2.0}]}",
        "SHP~{\"history\":\"Q\",\"human_ref_A\":\"B\",\"human_ref_B\":\"A\",\"labels\":0}",
        "HELPSTEER3~{\"context\":[{\"role\":\"user\",\"content\":\"Q\"}],\"response1\":\"A\",\"response2\":\"B\",\"overall_preference\":-2}",
        "HELPSTEER2_PREFERENCE~{\"prompt\":\"Q\",\"response_1\":\"B\",\"response_2\":\"A\",\"preference_strength\":3}",
        "PKU_SAFERLHF~{\"prompt\":\"Q\",\"response_0\":\"B\",\"response_1\":\"A\",\"better_response_id\":1,\"safer_response_id\":0}",
        "ALPACA_FARM~{\"instruction\":\"Q\",\"input\":\"\",\"output_1\":\"A\",\"output_2\":\"B\",\"preference\":1}",
        "OASST~{\"prompt\":{\"role\":\"prompter\",\"text\":\"Q\",\"replies\":[{\"role\":\"assistant\",\"text\":\"B\",\"rank\":1},{\"role\":\"assistant\",\"text\":\"A\",\"rank\":0}]}}",
      })
  void theBetterAnswerOfEachForm(PairFormat format, String json) throws Unusable {
    assertThat(PairFormat.of(record(json))).contains(format);
    List<Pair> pairs = pairs(json);
    assertThat(pairs).hasSize(1);
    assertThat(said(pairs.get(0))).isEqualTo("user:Q");
    assertThat(pairs.get(0).chosen()).isEqualTo("A");
    assertThat(pairs.get(0).rejected()).isEqualTo("B");
  }

  @Test
  void answersWithoutAScoreAreTold() {
    JsonNode record =
        record(
            "{\"instruction\":\"Q\",\"completions\":[{\"response\":\"B\",\"overall_score\":\"4\"},"
                + "{\"response\":\"A\",\"overall_score\":7.5},{\"response\":\"C\",\"overall_score\":null}]}");
    assertThat(PairFormat.ULTRAFEEDBACK.leftOut(record).orElseThrow().reason())
        .startsWith("1 of 3 answers lack a text response or a number overall_score");
    assertThat(PairFormat.SHP.leftOut(record)).isEmpty();
  }

  /** TRL's extract_prompt: the shared beginning, up to a blank. */
  @Test
  void anImplicitPromptOfTextsIsWhatTheyShare() throws Unusable {
    Pair pair =
        pairs("{\"chosen\":\"Sky? It is blue.\",\"rejected\":\"Sky? It is green.\"}").get(0);
    assertThat(said(pair)).isEqualTo("user:Sky? It is");
    assertThat(pair.chosen()).isEqualTo("blue.");
    assertThat(pair.rejected()).isEqualTo("green.");
  }

  @Test
  void aTranscriptsTurnsBecomeMessages() throws Unusable {
    String start = "\\n\\nHuman: Q1\\n\\nAssistant: A1\\n\\nHuman: Q2\\n\\nAssistant: ";
    Pair pair =
        pairs("{\"chosen\":\"%syes\",\"rejected\":\"%sno\"}".formatted(start, start)).get(0);
    assertThat(said(pair)).isEqualTo("user:Q1 | assistant:A1 | user:Q2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "NO_COMMON_PROMPT~{\"chosen\":\"\\n\\nHuman: Q\\n\\nAssistant: A\\n\\nHuman: More?\\n\\nAssistant: C\",\"rejected\":\"\\n\\nHuman: Q\\n\\nAssistant: B\\n\\nHuman: More?\\n\\nAssistant: D\"}",
        "NO_COMMON_PROMPT~{\"chosen\":\"\\n\\nHuman: Q\\n\\nAssistant: A\\n\\nHuman: Thanks\\n\\nAssistant: C\",\"rejected\":\"\\n\\nHuman: Q\\n\\nAssistant: A\"}",
        "NO_ANSWER~{\"chosen\":\"\\n\\nHuman: Q\\n\\nHuman: A\",\"rejected\":\"\\n\\nHuman: Q\\n\\nHuman: B\"}",
        "NO_COMMON_PROMPT~{\"chosen\":\"One.\",\"rejected\":\"Two.\"}",
        "OUT_OF_RANGE~{\"prompt\":\"Q\",\"response_0\":\"B\",\"response_1\":\"A\",\"better_response_id\":2}",
        "NOTHING_TO_CHOOSE~{\"context\":\"Q\",\"response1\":\"A\",\"response2\":\"B\",\"overall_preference\":0}",
        "UNKNOWN_ROLE~{\"prompt\":[{\"role\":\"critic\",\"content\":\"Q\"}],\"chosen\":\"A\",\"rejected\":\"B\"}",
      })
  void whatTellsNoBetterAnswerIsRefused(String code, String json) {
    assertThatThrownBy(() -> pairs(json))
        .isInstanceOfSatisfying(
            Unusable.class, e -> assertThat(e.refusal().code()).isEqualTo(code));
  }

  @Test
  void scoresGiveTheMarginThatIsSetForThem() throws Unusable {
    JsonNode scored = record("{\"score_chosen\":8.5,\"score_rejected\":3.0}");
    assertThat(Certainty.of(scored, 0).margin()).isZero();
    assertThat(Certainty.of(scored, 0.1).margin()).isEqualTo(0.55);
    assertThat(
            Certainty.of(record("{\"score_chosen\":8,\"score_rejected\":3,\"margin\":2}"), 1)
                .margin())
        .isEqualTo(2);
    assertThatThrownBy(() -> Certainty.of(record("{\"score_chosen\":1,\"score_rejected\":3}"), 0))
        .isInstanceOf(Unusable.class);
  }

  @Test
  void unpairedAnswersCarryTheirLabel() throws Unusable {
    JsonNode kto = record("{\"prompt\":\"Q\",\"completion\":\"A\",\"label\":true}");
    assertThat(PairFormat.of(kto)).contains(PairFormat.UNPAIRED);
    ScoredAnswer answer = PairFormat.UNPAIRED.answer(kto).orElseThrow();
    assertThat(answer.before().prompt()).isEqualTo("Q");
    assertThat(answer.completion()).isEqualTo("A");
    assertThat(answer.score()).isEqualTo(1);
    JsonNode graded = record("{\"prompt\":\"Q\",\"response\":\"A\",\"helpfulness\":3}");
    assertThat(PairFormat.of(graded)).contains(PairFormat.HELPSTEER2);
    assertThat(PairFormat.HELPSTEER2.answer(graded).orElseThrow().score()).isEqualTo(3);
  }
}
