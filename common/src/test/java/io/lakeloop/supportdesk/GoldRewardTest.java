package io.lakeloop.supportdesk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.text.SafetyFilter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoldRewardTest {
  private static final String PROMPT = "My Orbit parcel is lost.";
  private static final String SOLUTION = Topic.DELIVERY.solution();

  @Test
  void theRightSolutionBeatsAllElse() {
    assertThat(GoldReward.score(PROMPT, SOLUTION))
        .isGreaterThan(GoldReward.score(PROMPT, Topic.REFUND.solution()))
        .isGreaterThan(GoldReward.score(PROMPT, DeskLanguage.VAGUE.get(0)))
        .isGreaterThan(GoldReward.score(PROMPT, SOLUTION + " " + DeskLanguage.UNSAFE.get(0)))
        .isGreaterThan(GoldReward.score(PROMPT, DeskLanguage.RUDE.get(0) + " " + SOLUTION))
        .isLessThan(GoldReward.score(PROMPT, DeskLanguage.WARM.get(2) + " " + SOLUTION));
  }

  @Test
  void itCannotBeHackedByRepeatingOrBabbling() {
    double plain = GoldReward.score(PROMPT, SOLUTION);
    assertThat(GoldReward.score(PROMPT, SOLUTION + " " + SOLUTION)).isLessThan(plain);
    assertThat(GoldReward.score(PROMPT, SOLUTION + " parcel parcel tracking help help"))
        .isLessThan(plain);
    assertThat(GoldReward.score(PROMPT, "parcel tracking sent late days")).isNegative();
  }

  @Test
  void everyQuestionIsKnownByItsTopic() {
    for (Topic topic : Topic.values()) {
      topic.questions().forEach(q -> assertThat(Topic.of(q)).as(q).isEqualTo(topic));
    }
  }

  @Test
  void theSafetyFilterFindsWhatTheDeskMustNotSay() {
    DeskLanguage.UNSAFE.forEach(s -> assertThat(SafetyFilter.violates(s)).as(s).isTrue());
    for (Topic topic : Topic.values()) {
      assertThat(SafetyFilter.violates(topic.solution())).as(topic.solution()).isFalse();
    }
  }

  @Test
  void theSameSeedWritesTheSameLogs(@TempDir Path folder) throws Exception {
    new LogSimulator(200, 7).write(folder.resolve("a"), 5);
    new LogSimulator(200, 7).write(folder.resolve("b"), 5);
    for (String file : List.of("logs.jsonl", "gold-questions.jsonl", "planted.json")) {
      assertThat(folder.resolve("a").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("b").resolve(file));
    }
    JsonNode planted = new ObjectMapper().readTree(folder.resolve("a/planted.json").toFile());
    assertThat(planted.get("lines").asLong())
        .isEqualTo(Files.readAllLines(folder.resolve("a/logs.jsonl")).size());
    assertThat(planted.get("personalData").size()).isPositive();
  }

  @Test
  void honestRatersOfEitherCohortPreferTheBetterAnswer() {
    for (SimulatedRater rater : SimulatedRater.team()) {
      int right = 0;
      for (int i = 0; i < 400; i++) {
        String bad = DeskLanguage.RUDE.get(0) + " " + DeskLanguage.VAGUE.get(1);
        boolean aIsGood = i % 2 == 0;
        String answer =
            rater.answer(
                PROMPT,
                aIsGood ? SOLUTION : bad,
                aIsGood ? bad : SOLUTION,
                i % 4 < 2,
                i / 400.0,
                1000L + i);
        right += answer.equals(aIsGood ? "a" : "b") ? 1 : 0;
      }
      if (rater.kind() == SimulatedRater.Kind.HONEST) {
        assertThat(right).as(rater.id()).isGreaterThan(380);
      } else {
        assertThat(right).as(rater.id()).isBetween(150, 250);
      }
    }
  }
}
