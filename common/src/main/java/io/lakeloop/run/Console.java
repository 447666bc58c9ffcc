package io.lakeloop.run;

import io.lakeloop.text.NameRedactor;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a person sees while a job works: lines and one moving bar, on standard error. Where nobody
 * watches a terminal the bar becomes a line every ten seconds. Personal data, as in the name of a
 * file, is replaced.
 */
public final class Console {
  private static final int BAR = 24;
  private static final Duration TERMINAL_PAUSE = Duration.ofMillis(100);
  private static final Duration LOG_PAUSE = Duration.ofSeconds(10);

  private final PrintStream out;
  private final boolean terminal;
  private final boolean details;
  private final Clock clock;
  private final NameRedactor names = NameRedactor.ofLines();
  private Map<String, String> hidden = Map.of();
  private String label = "";
  private Instant began = Instant.EPOCH;
  private Instant shown = Instant.EPOCH;
  private boolean barOpen;

  /**
   * @param terminal true if somebody watches, so that the bar may move
   * @param details true to print settings and row counts, too
   */
  public Console(PrintStream out, boolean terminal, boolean details, Clock clock) {
    this.out = out;
    this.terminal = terminal;
    this.details = details;
    this.clock = clock;
  }

  /**
   * From here on lines that repeat one of these texts show what stands for it.
   *
   * @param texts values of settings that hold personal data
   */
  void hide(Map<String, String> texts) {
    hidden = new TreeMap<>(Comparator.comparing(String::length).reversed().thenComparing(t -> t));
    hidden.putAll(texts);
  }

  /** The line as it may be shown and kept. */
  String shown(String line) {
    String shown = line;
    for (Map.Entry<String, String> text : hidden.entrySet()) {
      shown = shown.replace(text.getKey(), text.getValue());
    }
    return names.redact(shown);
  }

  /** Prints a line. */
  public void say(String message, Object... arguments) {
    closeBar();
    String line = arguments.length == 0 ? message : String.format(Locale.ROOT, message, arguments);
    out.println(shown(line));
    out.flush();
  }

  /** Prints a line that only matters where one job is looked at. */
  public void detail(String message, Object... arguments) {
    if (details) {
      say(message, arguments);
    }
  }

  /**
   * Shows how far some work is, with its rate and the time that remains.
   *
   * @param done units done, from 1
   * @param note what else is worth watching, e.g. the loss
   */
  public void progress(String work, long done, long total, String note) {
    Instant now = clock.instant();
    if (!work.equals(label) || done <= 1) {
      closeBar();
      label = work;
      began = now;
      shown = Instant.EPOCH;
    }
    boolean last = done >= total;
    if (!last
        && Duration.between(shown, now).compareTo(terminal ? TERMINAL_PAUSE : LOG_PAUSE) < 0) {
      return;
    }
    shown = now;
    String line = line(now, done, total, note);
    if (terminal) {
      out.print("\r\u001b[K" + line);
      barOpen = true;
      if (last) {
        closeBar();
      }
    } else {
      out.println(line);
    }
    out.flush();
  }

  private String line(Instant now, long done, long total, String note) {
    int filled = (int) (BAR * Math.min(done, total) / Math.max(1, total));
    double seconds = Duration.between(began, now).toMillis() / 1000.0;
    // The clock starts when the first unit is done, so that unit does not count.
    double rate = done > 1 && seconds > 0 ? (done - 1) / seconds : 0;
    String pace =
        rate > 0
            ? String.format(Locale.ROOT, "%.1f/s, %.0f s left", rate, (total - done) / rate)
            : "";
    return String.format(
        Locale.ROOT,
        "  %-16s [%s%s] %d/%d %s  %s",
        label,
        "#".repeat(filled),
        ".".repeat(BAR - filled),
        done,
        total,
        pace,
        note);
  }

  private void closeBar() {
    if (barOpen) {
      out.println();
      barOpen = false;
    }
    label = "";
  }
}
