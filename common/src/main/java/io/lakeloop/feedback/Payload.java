package io.lakeloop.feedback;

import io.lakeloop.text.Redactor;
import io.lakeloop.text.Sanitiser;
import io.lakeloop.text.personal.Kind;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a refused record that may be kept. The record is cleaned when the part is first asked
 * for, and only once: thousands of answers may be refused of one record.
 */
public final class Payload {
  private static final int LONGEST = 4000;

  /** A refused record may be cut anywhere, so its payload is searched at a lower bound. */
  private static final PersonalDataFinder FINDER =
      new PersonalDataFinder(
          new PersonalDataFinder.Settings(
              0.3,
              Arrays.stream(Kind.values()).map(Enum::name).toList(),
              PersonalDataFinder.Settings.standard().phoneRegions()));

  private static final Pattern ESCAPE = Pattern.compile("\\\\u([0-9a-fA-F]{4})");

  /** Whom a record is about, by the field's name; a broken line may lack a quote or the colon. */
  private static final Pattern IDENTITY =
      Pattern.compile(
          "(?i)(\\b(?:user|user_id|userid|username|customer|customer_id|subject|name|first_name"
              + "|last_name|phone|email|address)(?:\"\\s*[^\\s\"]?|:)\\s*)"
              + "(?:\"[^\"]*\"?|[^\\s\",:{}\\[\\]]+\"?)");

  /** What is left of addresses and numbers that were cut or mixed up; times are left alone. */
  private static final Pattern ADDRESS_PART =
      // It begins at no other place than a word does: a long line is read once, not once a letter.
      Pattern.compile("(?<![^\\s\",;<>])[^\\s\",;<>@]*+@[^\\s\",;<>]*");

  private static final Pattern NUMBER_PART =
      Pattern.compile(
          "(?<![\\p{N}:-])(?!\\d{4}-\\d\\d-\\d\\d(?:T|\\b))\\d(?:[ .()/-]{0,2}\\d){5,}");

  private final String record;
  private String kept;

  /**
   * @param record as it came
   */
  public Payload(String record) {
    this.record = record;
  }

  /** Bounded, personal data replaced. */
  public String kept() {
    if (kept == null) {
      kept = redacted(record);
    }
    return kept;
  }

  private static String redacted(String record) {
    String cut = record.length() > LONGEST ? atWord(record) : record;
    String plain = Sanitiser.clean(unescaped(cut));
    String redacted = new Redactor(FINDER).redact(plain).text();
    redacted = IDENTITY.matcher(redacted).replaceAll("$1\"<USER>\"");
    redacted = ADDRESS_PART.matcher(redacted).replaceAll("<EMAIL>");
    return NUMBER_PART.matcher(redacted).replaceAll("<NUMBER>");
  }

  /** Cut where a word ends: half an address would not be known for one. */
  private static String atWord(String record) {
    int end = LONGEST;
    while (end > LONGEST / 2 && !Character.isWhitespace(record.charAt(end))) {
      end--;
    }
    return record.substring(0, end);
  }

  /** JSON's escapes would hide an address from the patterns. */
  private static String unescaped(String json) {
    Matcher escape = ESCAPE.matcher(json.replace("\\/", "/").replace("\\n", "\n"));
    return escape.replaceAll(
        match ->
            Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), 16))));
  }
}
