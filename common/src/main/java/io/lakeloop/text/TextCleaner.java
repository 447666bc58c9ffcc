package io.lakeloop.text;

import io.lakeloop.text.personal.PersonalDataFinder;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Cleans what comes from outside, field by field: signs that nobody sees go, personal data becomes
 * placeholders, which are numbered by record; what names a thing and holds personal data becomes a
 * keyed hash, so that different things stay different and rows still find each other. One per task.
 */
public final class TextCleaner {
  /** Digests and UUIDs: they name things and nobody, however their digits fall. */
  private static final Pattern DIGEST =
      Pattern.compile("[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}|[0-9a-f]{40,64}");

  private static final Pattern JOINED = Pattern.compile("[_/#:]");

  private static final int MOST_REMEMBERED = 10_000;

  /**
   * What is done.
   *
   * @param sourceIsClean personal data was replaced before: it is not looked for
   * @param secret of the keyed hashes; null where no names are cleaned
   */
  public record Settings(boolean sourceIsClean, byte[] secret) implements Serializable {
    /** What tables say was done to personal data. */
    public String status() {
      return sourceIsClean ? "as of the source" : "personal data replaced";
    }
  }

  private final boolean sourceIsClean;
  private final PersonalDataFinder finder;
  private final Pseudonyms pseudonyms;
  private final Map<String, String> names = new HashMap<>();
  private Redactor redactor;

  public TextCleaner(Settings settings) {
    this(settings, new PersonalDataFinder(PersonalDataFinder.Settings.standard()));
  }

  /**
   * @param finder what counts as personal data
   */
  public TextCleaner(Settings settings, PersonalDataFinder finder) {
    this.sourceIsClean = settings.sourceIsClean();
    this.finder = finder;
    this.pseudonyms = settings.secret() == null ? null : new Pseudonyms(settings.secret());
    begin();
  }

  /** Begins a record: its placeholders are numbered anew. */
  public TextCleaner begin() {
    redactor = new Redactor(finder);
    return this;
  }

  /** What people wrote; null stays null. */
  public String text(String text) {
    return text == null ? null : redacted(Sanitiser.clean(text));
  }

  /** A value of a few that are known, as a product or a group of people; null stays null. */
  public String category(String value) {
    if (value == null || sourceIsClean) {
      return value;
    }
    String replaced = redacted(Sanitiser.clean(value));
    return isPersonal(replaced) ? name(replaced) : replaced;
  }

  /** Words of a name are joined by signs that patterns take for letters. */
  private boolean isPersonal(String name) {
    String plain = Sanitiser.clean(name);
    return !finder.find(plain).isEmpty()
        || !finder.find(JOINED.matcher(plain).replaceAll(" ")).isEmpty();
  }

  private String redacted(String text) {
    return sourceIsClean ? text : redactor.redact(text).text();
  }

  /** What names a thing, as a conversation or a rater; null stays null. */
  public String name(String name) {
    if (name == null || sourceIsClean || DIGEST.matcher(name).matches()) {
      return name;
    }
    if (names.size() == MOST_REMEMBERED) {
      names.clear();
    }
    // The same few names come again and again.
    return names.computeIfAbsent(name, any -> isPersonal(name) ? hidden(name) : name);
  }

  private String hidden(String name) {
    return pseudonyms == null ? "<HIDDEN>" : pseudonyms.of(name);
  }
}
