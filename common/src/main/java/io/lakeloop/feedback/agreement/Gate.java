package io.lakeloop.feedback.agreement;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What one coefficient of one question must reach, at the lower end of its interval: written {@code
 * question/coefficient}, {@code question/coefficient/weights} or {@code
 * question/coefficient/weights/slice_kind}. Without weights it is identity, without a slice all.
 */
public record Gate(
    String question, String coefficient, String weights, String sliceKind, double least) {

  /** A coefficient that a gate may be about. */
  public record Reached(
      String question,
      String coefficient,
      String weights,
      String sliceKind,
      String sliceValue,
      double value,
      Double low) {}

  /** Reads the gates of the settings, and adds to the problems what cannot be read. */
  public static List<Gate> parse(Map<String, String> gates, Problems problems) {
    List<Gate> parsed = new ArrayList<>();
    gates.forEach(
        (key, least) -> {
          String[] parts = key.split("/");
          boolean readable =
              parts.length >= 2 && parts.length <= 4 && least.matches("-?[0-9]*\\.?[0-9]+");
          problems.require(
              readable,
              "gates.%s must be question/coefficient[/weights[/slice_kind]] with a number, got %s",
              key,
              least);
          if (readable) {
            parsed.add(
                new Gate(
                    parts[0],
                    parts[1],
                    parts.length > 2 ? parts[2] : "identity",
                    parts.length > 3 ? parts[3] : "all",
                    Double.parseDouble(least)));
          }
        });
    return parsed;
  }

  /**
   * @throws UserError AGREEMENT_TOO_LOW if a slice does not reach its gate, or has nothing to show
   */
  public static void check(List<Gate> gates, List<Reached> reached) {
    List<String> failed = new ArrayList<>();
    for (Gate gate : gates) {
      List<Reached> found = reached.stream().filter(gate::isAbout).toList();
      if (found.isEmpty()) {
        failed.add(gate.named() + " was not computed for " + gate.question());
      }
      for (Reached one : found) {
        double low = one.low() == null ? one.value() : one.low();
        if (!(low >= gate.least())) {
          failed.add(
              String.format(
                  Locale.ROOT,
                  "%s of %s, %s %s, is %.4f with its interval from %.4f, below %s",
                  gate.named(),
                  one.question(),
                  one.sliceKind(),
                  one.sliceValue(),
                  one.value(),
                  low,
                  gate.least()));
        }
      }
    }
    if (!failed.isEmpty()) {
      throw new UserError(
          ErrorCode.AGREEMENT_TOO_LOW,
          "Cannot take these labels: %s. Calibrate the raters, or lower gates.",
          String.join("; ", failed));
    }
  }

  private String named() {
    return coefficient + (weights.equals("identity") ? "" : "/" + weights);
  }

  private boolean isAbout(Reached one) {
    return one.question().equals(question)
        && one.coefficient().equals(coefficient)
        && one.weights().equals(weights)
        && one.sliceKind().equals(sliceKind);
  }
}
