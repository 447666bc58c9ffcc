package io.lakeloop.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.UserError;
import io.lakeloop.lm.torch.Compute;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TaskDeviceTest {
  @Test
  void withoutAGpuATaskHasItsCores() {
    assertThat(TaskDevice.choose(Optional.empty(), 2, 0)).isEqualTo(Compute.cpu(2));
  }

  @Test
  void aTaskTakesTheGpuThatSparkAssigned() {
    assertThat(TaskDevice.choose(Optional.of("1"), 4, 2)).isEqualTo(new Compute(1, 4));
    assertThat(TaskDevice.choose(Optional.empty(), 4, 2)).isEqualTo(new Compute(0, 4));
  }

  @Test
  void whereAGpuIsPretendedTheCpuComputes() {
    assertThat(TaskDevice.choose(Optional.of("pretended-1"), 1, 0)).isEqualTo(Compute.cpu(1));
  }

  @Test
  void aGpuThatIsNotSeenIsNamed() {
    for (String address : new String[] {"2", "GPU-5f", "-1"}) {
      assertThatThrownBy(() -> TaskDevice.choose(Optional.of(address), 1, 2))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("its address is '" + address + "'");
    }
  }
}
