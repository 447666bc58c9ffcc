package io.lakeloop.text.personal;

import io.lakeloop.config.Problems;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds personal data by patterns, checksums and context, and by a recogniser where there is one.
 */
public final class PersonalDataFinder {
  private static final Set<String> REGIONS = Set.of(Locale.getISOCountries());

  /**
   * What counts.
   *
   * @param minConfidence findings below it are left alone, 0 to 1
   * @param kinds names of the kinds that are replaced
   * @param phoneRegions ISO 3166 codes of the countries whose national notation is known
   */
  public record Settings(double minConfidence, List<String> kinds, List<String> phoneRegions)
      implements Serializable {
    public Settings {
      Set<String> known = Arrays.stream(Kind.values()).map(Enum::name).collect(Collectors.toSet());
      Problems problems =
          Problems.in("personal-data")
              .require(
                  minConfidence > 0 && minConfidence <= 1,
                  "personal-data.min-confidence must lie in (0, 1], got %s",
                  minConfidence)
              .require(
                  !kinds.isEmpty(),
                  "personal-data.kinds is empty, so that nothing would be replaced: name some of %s",
                  Arrays.toString(Kind.values()));
      kinds.forEach(
          kind ->
              problems.require(
                  known.contains(kind),
                  "personal-data.kinds: %s is unknown, kinds are %s",
                  kind,
                  Arrays.toString(Kind.values())));
      phoneRegions.forEach(
          region ->
              problems.require(
                  REGIONS.contains(region),
                  "personal-data.phone-regions: %s is no country's two letters",
                  region));
      problems.throwIfAny();
    }

    /** Every kind but plain links. */
    public static Settings standard() {
      return new Settings(
          0.5,
          Arrays.stream(Kind.values()).filter(k -> k != Kind.URL).map(Enum::name).toList(),
          List.of("US", "GB", "DE", "FR", "ES", "IT", "IN", "AU"));
    }
  }

  private static final Set<Kind> BY_RECOGNISER = EnumSet.of(Kind.NAME, Kind.ADDRESS);

  private final double minConfidence;
  private final Set<Kind> kinds = EnumSet.noneOf(Kind.class);
  private final List<Recogniser> recognisers = new ArrayList<>();

  public PersonalDataFinder(Settings settings) {
    this(settings, List.of());
  }

  /**
   * @param more recognisers beside the patterns, for names and addresses
   */
  public PersonalDataFinder(Settings settings, List<Recogniser> more) {
    this.minConfidence = settings.minConfidence();
    settings.kinds().forEach(kind -> kinds.add(Kind.valueOf(kind)));
    recognisers.add(new PatternRecogniser(settings.phoneRegions()));
    recognisers.addAll(more);
  }

  /** What is replaced: in the order of the text, none overlapping another, the surer one kept. */
  public List<Finding> find(String text) {
    return best(text).stream().filter(finding -> kinds.contains(finding.kind())).toList();
  }

  /** All kinds, those that are not replaced included. */
  public List<Finding> best(String text) {
    String plain = plain(text);
    List<Finding> all = new ArrayList<>();
    for (Recogniser recogniser : recognisers) {
      all.addAll(recogniser.find(plain));
    }
    if (all.isEmpty()) {
      return all;
    }
    all.removeIf(finding -> finding.confidence() < minConfidence);
    List<Finding> links = all.stream().filter(finding -> finding.kind() == Kind.URL).toList();
    all.removeIf(finding -> links.stream().anyMatch(link -> isPartOf(plain, link, finding)));
    all.sort(
        Comparator.comparing(PersonalDataFinder::rank)
            .thenComparing(Comparator.comparing(Finding::confidence).reversed())
            .thenComparing(finding -> finding.start() - finding.end())
            .thenComparing(Finding::start)
            .thenComparing(Finding::kind));
    List<Finding> kept = new ArrayList<>();
    for (Finding finding : all) {
      if (kept.stream().noneMatch(finding::overlaps)) {
        kept.add(finding);
      }
    }
    kept.sort(Comparator.comparing(Finding::start));
    return kept;
  }

  /** Of a link that says nothing about it. */
  private static boolean isPartOf(String text, Finding link, Finding finding) {
    return finding.kind() != Kind.URL
        && !BY_RECOGNISER.contains(finding.kind())
        && link.overlaps(finding)
        && !Links.says(text, link, finding);
  }

  /**
   * A link gives way to what it holds, and a name within an address of a machine or a mailbox is
   * part of that.
   */
  private static int rank(Finding finding) {
    return BY_RECOGNISER.contains(finding.kind()) ? 2 : finding.kind() == Kind.URL ? 1 : 0;
  }

  /** Digits of all scripts as ASCII, and all dashes as one, character by character. */
  private static String plain(String text) {
    char[] out = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c > '~') {
        char folded =
            Character.isDigit(c)
                ? (char) ('0' + Character.digit(c, 10))
                : Character.getType(c) == Character.DASH_PUNCTUATION || c == '\u2212' ? '-' : c;
        if (folded != c) {
          out = out == null ? text.toCharArray() : out;
          out[i] = folded;
        }
      }
    }
    return out == null ? text : new String(out);
  }
}
