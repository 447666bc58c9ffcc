package io.lakeloop.text;

import io.lakeloop.text.personal.Finding;
import io.lakeloop.text.personal.Kind;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Replaces personal data in what people name things by: files, folders, values of settings, and in
 * lines that speak of them. Different values get different placeholders for as long as the redactor
 * lives.
 */
public final class NameRedactor {
  /** Digests and ids are no persons, however their digits fall. */
  private static final Pattern DIGEST = Pattern.compile("\\b[0-9a-f]{32,64}\\b");

  /** What still holds an at sign is an address that was cut or joined. */
  private static final Pattern ADDRESS_PART =
      Pattern.compile("[^\\s/\"',;<>(){}=]+@[^\\s/\"',;<>(){}]+");

  private final PersonalDataFinder finder;
  private final Map<String, String> placeholders = new HashMap<>();
  private final Map<String, Integer> counts = new HashMap<>();

  private NameRedactor(Stream<Kind> kinds) {
    this.finder =
        new PersonalDataFinder(
            new PersonalDataFinder.Settings(
                0.5,
                kinds.map(Enum::name).toList(),
                PersonalDataFinder.Settings.standard().phoneRegions()));
  }

  /** For names of files and values of settings. */
  public NameRedactor() {
    this(Arrays.stream(Kind.values()).filter(kind -> kind != Kind.URL && kind != Kind.POSTAL_CODE));
  }

  /** For lines that speak of many things: 0.684-0.770 is an interval there, not a telephone. */
  public static NameRedactor ofLines() {
    return new NameRedactor(Stream.of(Kind.EMAIL, Kind.CARD, Kind.IBAN, Kind.URL_CREDENTIALS));
  }

  /** The name without personal data; the same where it holds none. */
  public String redact(String name) {
    // Words of a name are joined by underscores, which patterns take for letters.
    String plain = DIGEST.matcher(name).replaceAll(m -> "x".repeat(m.group().length()));
    List<Finding> findings = finder.find(plain.replace('_', ' '));
    StringBuilder out = new StringBuilder(name.length());
    int from = 0;
    for (Finding finding : findings) {
      out.append(name, from, finding.start())
          .append(
              placeholder(finding.kind().name(), name.substring(finding.start(), finding.end())));
      from = finding.end();
    }
    out.append(name, from, name.length());
    return ADDRESS_PART
        .matcher(out)
        .replaceAll(
            match -> Matcher.quoteReplacement(placeholder(Kind.EMAIL.name(), match.group())));
  }

  private String placeholder(String kind, String value) {
    return placeholders.computeIfAbsent(
        kind + ":" + value, any -> "<" + kind + "_" + counts.merge(kind, 1, Integer::sum) + ">");
  }
}
