package io.lakeloop.feedback;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import java.util.Optional;

/**
 * Times as logs and labels have them: ISO 8601, with a space for the T, with any offset or none
 * (then that of the settings, else UTC), or seconds, milliseconds, microseconds or nanoseconds
 * since 1970. What lies before 1970 or from 2100 on is no time of a log: it is a unit mixed up or a
 * clock not set, and engines differ in how they store it.
 */
public final class Times {
  /** What a refusal says of a text that is no time. */
  public static final String EXPECTED =
      " must be a time between 1970 and 2099, as 2026-01-31T12:00:00Z or seconds since 1970";

  private static final String NUMBER =
      "[+-]?(?:[0-9]{1,30}|[0-9]{0,30}\\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?";

  private static final Instant FIRST = Instant.EPOCH;
  private static final Instant END = Instant.parse("2100-01-01T00:00:00Z");

  /** Numbers from here on count a smaller unit: as seconds they would lie beyond 2099. */
  private static final BigDecimal TOO_LATE = BigDecimal.valueOf(END.getEpochSecond());

  private static final BigDecimal THOUSAND = BigDecimal.valueOf(1000);

  private static final DateTimeFormatter FORM =
      new DateTimeFormatterBuilder()
          .parseCaseInsensitive()
          .appendPattern("uuuu-MM-dd'T'HH:mm[:ss]")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .appendPattern("[XXX][XX][X]")
          .toFormatter(Locale.ROOT)
          .withResolverStyle(ResolverStyle.STRICT);

  /** As Mechanical Turk writes them: Wed Mar 04 10:21:33 PST 2020. */
  private static final DateTimeFormatter MTURK =
      DateTimeFormatter.ofPattern("EEE MMM dd HH:mm:ss zzz uuuu", Locale.ENGLISH);

  private Times() {}

  /** The time that the text tells, empty where it tells none within the bounds. */
  public static Optional<Instant> of(String text) {
    return of(text, ZoneOffset.UTC);
  }

  /**
   * The time that the text tells, empty where it tells none within the bounds.
   *
   * @param zone of times that name none
   */
  public static Optional<Instant> of(String text, ZoneId zone) {
    String plain = text.strip();
    if (plain.isEmpty() || plain.length() > 40) {
      return Optional.empty();
    }
    try {
      if (plain.matches(NUMBER)) {
        return of(new BigDecimal(plain));
      }
      // Instants are parsed in a third of the time, and are what most logs hold.
      return bounded(
          plain.endsWith("Z") && plain.charAt(10) == 'T'
              ? Instant.parse(plain)
              : parsed(plain, zone));
    } catch (DateTimeException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  /** Seconds since 1970, or the largest smaller unit in which the time lies before 2100. */
  public static Optional<Instant> of(BigDecimal sinceEpoch) {
    if (sinceEpoch.signum() < 0 || sinceEpoch.precision() - sinceEpoch.scale() > 19) {
      return Optional.empty();
    }
    BigDecimal seconds = sinceEpoch;
    for (int unit = 0; unit < 3 && seconds.compareTo(TOO_LATE) >= 0; unit++) {
      seconds = seconds.divide(THOUSAND, 9, RoundingMode.DOWN);
    }
    long whole = seconds.longValue();
    BigDecimal rest = seconds.subtract(BigDecimal.valueOf(whole));
    return bounded(Instant.ofEpochSecond(whole, rest.movePointRight(9).longValue()));
  }

  /** The time so many seconds before another, empty where that is no number or no such time. */
  public static Optional<Instant> before(Instant time, String seconds) {
    if (!seconds.strip().matches(NUMBER)) {
      return Optional.empty();
    }
    BigDecimal passed = new BigDecimal(seconds.strip());
    if (passed.signum() < 0 || passed.precision() - passed.scale() > 10) {
      return Optional.empty();
    }
    BigDecimal millis = passed.movePointRight(3).setScale(0, RoundingMode.HALF_UP);
    return bounded(time.minusMillis(millis.longValue()));
  }

  private static Instant parsed(String text, ZoneId zone) {
    if (Character.isLetter(text.charAt(0))) {
      return ZonedDateTime.parse(text, MTURK).toInstant();
    }
    String iso =
        text.replaceFirst("^(.{10}) ", "$1T")
            .replaceFirst("(?i) ?(?:utc|gmt)$", "Z")
            .replaceFirst(" (?=[+-])", "");
    TemporalAccessor read = FORM.parseBest(iso, OffsetDateTime::from, LocalDateTime::from);
    return read instanceof OffsetDateTime time
        ? time.toInstant()
        : ((LocalDateTime) read).atZone(zone).toInstant();
  }

  private static Optional<Instant> bounded(Instant time) {
    return time.isBefore(FIRST) || !time.isBefore(END) ? Optional.empty() : Optional.of(time);
  }
}
