package io.lakeloop.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimesTest {
  private static final Instant NINE = Instant.parse("2026-02-02T09:00:00Z");

  @Test
  void readsTimesAsToolsWriteThem() {
    for (String text :
        List.of(
            "2026-02-02T09:00:00Z",
            "2026-02-02t09:00:00z",
            "2026-02-02 09:00:00",
            "2026-02-02T09:00",
            "2026-02-02T10:00:00+01:00",
            "2026-02-02T10:00:00+0100",
            "2026-02-02 10:00:00+01",
            "2026-02-02 09:00:00 UTC",
            "2026-02-02 09:00:00.000 +0000",
            " 2026-02-02T09:00:00.000000Z ",
            "1770022800",
            "1770022800.0",
            "1770022800000",
            "1770022800000000",
            "1770022800000000000",
            "Mon Feb 02 01:00:00 PST 2026",
            "1.7700228E9")) {
      assertThat(Times.of(text)).as(text).contains(NINE);
    }
    assertThat(Times.of("1767600000.25")).contains(Instant.parse("2026-01-05T08:00:00.250Z"));
    assertThat(Times.of("1767600000123")).contains(Instant.parse("2026-01-05T08:00:00.123Z"));
    assertThat(Times.of("2026-02-02T09:00:00.123456789Z")).contains(NINE.plusNanos(123_456_789));
    assertThat(Times.of("1970-01-01T00:00:00Z")).contains(Instant.EPOCH);
    assertThat(Times.of("2099-12-31T23:59:59Z")).isPresent();
  }

  @Test
  void timesWithoutAZoneAreOfTheZoneThatIsSet() {
    ZoneId berlin = ZoneId.of("Europe/Berlin");
    assertThat(Times.of("2026-02-02 10:00:00", berlin)).contains(NINE);
    assertThat(Times.of("2026-02-02T09:00:00Z", berlin)).contains(NINE);
    assertThat(Times.of("1770022800", berlin)).contains(NINE);
  }

  @Test
  void refusesWhatNoLogMeans() {
    for (String text :
        List.of(
            "",
            "soon",
            "02/02/2026 09:00",
            "2026-02-30T00:00:00Z",
            "2026-02-30 00:00:00",
            "1969-12-31T23:59:59Z",
            "2100-01-01T00:00:00Z",
            "1850-01-01T00:00:00Z",
            "-5000-01-01T00:00:00Z",
            "+99999-01-01T00:00:00Z",
            "999999999-01-01T00:00:00Z",
            "-1",
            String.valueOf(Long.MIN_VALUE),
            String.valueOf(Long.MAX_VALUE),
            "9".repeat(5000),
            "1e99",
            "1e-99999999",
            "NaN",
            "Infinity",
            "1e999999999")) {
      assertThat(Times.of(text)).as(text).isEmpty();
    }
  }

  @Test
  void secondsBeforeATimeStayWithinTheBounds() {
    assertThat(Times.before(NINE, "12.5")).contains(NINE.minusMillis(12_500));
    for (String seconds :
        List.of("-1", "NaN", "1e300", "1e999999999", "1e-999999999", "1e10", "x", "")) {
      assertThat(Times.before(NINE, seconds)).as(seconds).isEmpty();
    }
  }
}
