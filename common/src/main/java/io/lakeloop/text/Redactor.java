package io.lakeloop.text;

import io.lakeloop.text.personal.Finding;
import io.lakeloop.text.personal.Kind;
import io.lakeloop.text.personal.PercentEncoding;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Replaces personal data by placeholders such as {@code <EMAIL_1>}, the same value by the same
 * placeholder for as long as the redactor lives: one conversation.
 */
public final class Redactor {
  private static final Set<Kind> DIGITS =
      EnumSet.of(Kind.PHONE, Kind.CARD, Kind.IBAN, Kind.SSN, Kind.NATIONAL_ID);

  private final PersonalDataFinder finder;
  private final Map<String, String> placeholders = new HashMap<>();
  private final Map<Kind, Integer> counts = new EnumMap<>(Kind.class);

  public Redactor(PersonalDataFinder finder) {
    this.finder = finder;
  }

  /** A text without personal data, and which kinds it held. */
  public record Redaction(String text, List<String> kinds) {}

  /** Replaces what the finder finds. */
  public Redaction redact(String text) {
    List<Finding> findings = finder.find(text);
    if (findings.isEmpty()) {
      return new Redaction(text, List.of());
    }
    TreeSet<String> kinds = new TreeSet<>();
    StringBuilder out = new StringBuilder(text.length());
    int from = 0;
    for (Finding finding : findings) {
      kinds.add(finding.kind().name());
      out.append(text, from, finding.start())
          .append(placeholder(finding.kind(), text.substring(finding.start(), finding.end())));
      from = finding.end();
    }
    return new Redaction(out.append(text, from, text.length()).toString(), List.copyOf(kinds));
  }

  /**
   * Spacing and case do not make another value of what is made of digits, nor do a link's escapes.
   */
  private String placeholder(Kind kind, String found) {
    String value = PercentEncoding.decoded(found);
    boolean digits = DIGITS.contains(kind);
    String key =
        kind + ":" + (digits ? value.replaceAll("[\\s().-]", "") : value).toLowerCase(Locale.ROOT);
    return placeholders.computeIfAbsent(
        key, any -> "<" + kind + "_" + counts.merge(kind, 1, Integer::sum) + ">");
  }
}
