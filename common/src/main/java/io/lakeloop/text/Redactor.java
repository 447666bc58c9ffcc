package io.lakeloop.text;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;

/**
 * Replaces personal data by placeholders such as {@code <EMAIL_1>}, the same value by the same
 * placeholder for as long as the redactor lives: one conversation.
 */
public final class Redactor {
  private final Map<String, String> placeholders = new LinkedHashMap<>();
  private final Map<PersonalData, Integer> counts = new java.util.EnumMap<>(PersonalData.class);

  /** A text without personal data, and which kinds it held. */
  public record Redaction(String text, List<String> kinds) {}

  public Redaction redact(String text) {
    TreeSet<String> kinds = new TreeSet<>();
    String redacted = text;
    for (PersonalData kind : PersonalData.KINDS) {
      Matcher matcher = kind.matcher(redacted);
      StringBuilder out = new StringBuilder();
      while (matcher.find()) {
        if (kind.accepts(matcher.group())) {
          kinds.add(kind.name());
          matcher.appendReplacement(
              out, Matcher.quoteReplacement(placeholder(kind, matcher.group())));
        }
      }
      redacted = matcher.appendTail(out).toString();
    }
    return new Redaction(redacted, List.copyOf(kinds));
  }

  private String placeholder(PersonalData kind, String value) {
    return placeholders.computeIfAbsent(
        kind + ":" + value, key -> "<" + kind + "_" + counts.merge(kind, 1, Integer::sum) + ">");
  }
}
