package io.lakeloop.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class EpochsTest {

  @Test
  void aBatchLargerThanAllExamplesIsOneStep() {
    Epochs<String> epochs = new Epochs<>(List.of("a", "b", "c"), Integer.MAX_VALUE, 2, 1);
    assertThat(epochs.totalSteps()).isEqualTo(2);
    assertThat(epochs.batch(1)).containsExactlyInAnyOrder("a", "b", "c");
  }

  @Test
  void moreStepsThanATrainingMayHaveAreRefused() {
    Epochs<String> epochs = new Epochs<>(Collections.nCopies(1000, "a"), 1, Integer.MAX_VALUE, 1);
    assertThatThrownBy(epochs::totalSteps)
        .isInstanceOfSatisfying(
            UserError.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
        .hasMessageContaining("2147483647000 steps");
  }
}
