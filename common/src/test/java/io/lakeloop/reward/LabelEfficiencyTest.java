package io.lakeloop.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.chat.Conversation;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.util.List;
import org.junit.jupiter.api.Test;

class LabelEfficiencyTest {
  private static final PreferencePair LONGER =
      new PreferencePair(Conversation.of("where?"), "on its way", "no", 1, 1, 0);
  private static final PreferencePair SHORTER =
      new PreferencePair(Conversation.of("where?"), "no", "on its way", 1, 1, 0);

  private static void refused(List<PreferencePair> pool, List<PreferencePair> test, String why) {
    assertThatThrownBy(
            () -> new LabelEfficiency(null, new LinearRewardTrainer(0.1, 10), pool, test, 1))
        .isInstanceOfSatisfying(
            UserError.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_EMPTY))
        .hasMessageContaining(why);
  }

  @Test
  void aSplitWithoutShorterOrLongerAnswersIsRefused() {
    List<PreferencePair> both = List.of(LONGER, SHORTER);
    refused(
        List.of(LONGER), both, "of the 1 pairs of split train the chosen answer is longer in 1");
    refused(
        both, List.of(SHORTER), "of the 1 pairs of split test the chosen answer is longer in 0");
  }
}
