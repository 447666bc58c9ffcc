package io.lakeloop.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.agreement.Wilson;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.SourceFile;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.text.personal.Finding;
import io.lakeloop.text.personal.Kind;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.SparkSession;

/**
 * Measures how well personal data is found, on texts in which it is marked, in the form of
 * presidio-research: objects with {@code full_text} and {@code spans} of {@code entity_type,
 * start_position, end_position}. A marked span counts as found if a finding of its kind covers half
 * of it or more; a finding counts as right if it lies on a marked span of its kind.
 */
public final class RedactionEvaluation {
  /** Under this name the patterns stand in evaluations. */
  public static final String MODEL = "personal-data";

  /** Goes up when the patterns change. */
  public static final int VERSION = 2;

  private static final String ENTITY_TYPE = "entity_type";

  /** Kinds that a pattern can find, by what presidio-research calls them. */
  private static final Map<String, Kind> MARKED =
      Map.ofEntries(
          Map.entry("EMAIL_ADDRESS", Kind.EMAIL),
          Map.entry("PHONE_NUMBER", Kind.PHONE),
          Map.entry("CREDIT_CARD", Kind.CARD),
          Map.entry("IBAN_CODE", Kind.IBAN),
          Map.entry("IBAN", Kind.IBAN),
          Map.entry("US_SSN", Kind.SSN),
          Map.entry("IP_ADDRESS", Kind.IP),
          Map.entry("MAC_ADDRESS", Kind.MAC),
          Map.entry("URL", Kind.URL),
          Map.entry("DOMAIN_NAME", Kind.URL),
          Map.entry("ZIP_CODE", Kind.POSTAL_CODE),
          Map.entry("US_DRIVER_LICENSE", Kind.DRIVER_LICENCE),
          Map.entry("CRYPTO", Kind.CRYPTO_ADDRESS),
          Map.entry("PERSON", Kind.NAME),
          Map.entry("ADDRESS", Kind.ADDRESS),
          Map.entry("STREET_ADDRESS", Kind.ADDRESS));

  private static final Set<Kind> BY_RECOGNISER = EnumSet.of(Kind.NAME, Kind.ADDRESS);

  /** What was counted for one kind. */
  private static final class Counts {
    private long marked;
    private long found;
    private long findings;
    private long right;

    private void add(Counts other) {
      marked += other.marked;
      found += other.found;
      findings += other.findings;
      right += other.right;
    }
  }

  private RedactionEvaluation() {}

  private record Span(Kind kind, boolean date, int start, int end) {}

  /**
   * Recall and precision by kind (slice_kind entity_type), and over all that patterns can find
   * (slice_kind all).
   */
  public static List<Metric> measure(
      PersonalDataFinder finder, SparkSession spark, SourceFiles files) throws IOException {
    Map<Kind, Counts> counts = new EnumMap<>(Kind.class);
    for (SourceFile file : files.files()) {
      try (InputStream in = file.open(spark.sparkContext().hadoopConfiguration())) {
        count(finder, new JsonRecords(file.name(), in), counts);
      }
    }
    return counts.isEmpty() ? List.of() : metrics(counts);
  }

  private static void count(
      PersonalDataFinder finder, Iterator<JsonRecords.Entry> texts, Map<Kind, Counts> counts) {
    while (texts.hasNext()) {
      JsonNode node = texts.next().node();
      if (node != null && node.path("full_text").isTextual()) {
        count(finder.best(node.get("full_text").textValue()), spans(node), counts);
      }
    }
  }

  private static List<Metric> metrics(Map<Kind, Counts> counts) {
    List<Metric> metrics = new ArrayList<>();
    Counts all = new Counts();
    counts.forEach(
        (kind, counted) -> {
          add(metrics, ENTITY_TYPE, kind.name(), counted);
          if (!BY_RECOGNISER.contains(kind)) {
            all.add(counted);
          }
        });
    add(metrics, Metric.ALL, Metric.ALL, all);
    return metrics;
  }

  private static List<Span> spans(JsonNode node) {
    List<Span> spans = new ArrayList<>();
    node.path("spans")
        .forEach(
            span ->
                spans.add(
                    new Span(
                        MARKED.get(span.path(ENTITY_TYPE).asText()),
                        span.path(ENTITY_TYPE).asText().equals("DATE_TIME"),
                        span.path("start_position").asInt(),
                        span.path("end_position").asInt())));
    return spans;
  }

  private static void count(List<Finding> findings, List<Span> spans, Map<Kind, Counts> counts) {
    for (Span span : spans) {
      if (span.kind() != null) {
        Counts counted = counts.computeIfAbsent(span.kind(), kind -> new Counts());
        counted.marked++;
        int covered =
            findings.stream()
                .filter(finding -> sameKind(finding.kind(), span))
                .mapToInt(finding -> overlap(finding, span))
                .sum();
        counted.found += 2 * covered >= span.end() - span.start() ? 1 : 0;
      }
    }
    for (Finding finding : findings) {
      Counts counted = counts.computeIfAbsent(finding.kind(), kind -> new Counts());
      counted.findings++;
      boolean right =
          spans.stream().anyMatch(s -> sameKind(finding.kind(), s) && overlap(finding, s) > 0);
      counted.right += right ? 1 : 0;
    }
  }

  /**
   * A postal code is part of an address, a link with a secret in it is a link, and a date of birth
   * is marked as any other date is.
   */
  private static boolean sameKind(Kind found, Span span) {
    return found == span.kind()
        || found == Kind.POSTAL_CODE && span.kind() == Kind.ADDRESS
        || found == Kind.BIRTH_DATE && span.date()
        || found == Kind.URL_CREDENTIALS && span.kind() == Kind.URL;
  }

  private static int overlap(Finding finding, Span span) {
    return Math.max(
        0, Math.min(finding.end(), span.end()) - Math.max(finding.start(), span.start()));
  }

  private static void add(List<Metric> metrics, String sliceKind, String slice, Counts counts) {
    if (counts.marked > 0) {
      metrics.add(share(sliceKind, slice, "recall", counts.found, counts.marked));
    }
    if (counts.findings > 0) {
      metrics.add(share(sliceKind, slice, "precision", counts.right, counts.findings));
    }
  }

  private static Metric share(String sliceKind, String slice, String name, long part, long n) {
    Wilson interval = Wilson.of((double) part / n, n);
    return new Metric(
        sliceKind, slice, name, (double) part / n, interval.low(), interval.high(), n);
  }
}
