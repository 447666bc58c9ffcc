package io.lakeloop.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.config.ErrorCode;
import org.junit.jupiter.api.Test;

class FailureTest {
  @Test
  void memoryThatIsUsedUpIsTheUsersToRaise() {
    for (Error error : new Error[] {new OutOfMemoryError("heap"), new StackOverflowError()}) {
      assertThat(Failure.userError(new IllegalStateException("job", error)))
          .hasValueSatisfying(
              told -> {
                assertThat(told.code()).isEqualTo(ErrorCode.CONFIG_INVALID);
                assertThat(told).hasMessageStartingWith("Cannot go on: ").message().hasLineCount(1);
              });
    }
  }

  @Test
  void anythingElseIsADefect() {
    assertThat(Failure.userError(new IllegalStateException("odd"))).isEmpty();
  }
}
