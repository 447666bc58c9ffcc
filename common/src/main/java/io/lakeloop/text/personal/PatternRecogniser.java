package io.lakeloop.text.personal;

import static io.lakeloop.text.personal.Rule.Confidence.always;

import io.lakeloop.text.personal.Anchors.Anchor;
import io.lakeloop.text.personal.Rule.Start;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Kinds that a pattern finds, with a checksum where the kind has one and context where it helps.
 */
final class PatternRecogniser implements Recogniser {
  private static final String MONTHS =
      "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|fév|avr|juin|juil|août"
          + "|déc|ene|abr|ago|dic)\\p{L}*\\.?";
  private static final String NUMERIC_DATE =
      "(?<!\\p{N})(?:\\d{1,2}[./-]\\d{1,2}[./-](?:19|20)?\\d{2}|(?:19|20)\\d{2}[./-]\\d{1,2}[./-]\\d{1,2}"
          + "|\\d{1,2}(?:st|nd|rd|th|\\.)?(?: of)? (?i:"
          + MONTHS
          + "),? (?:19|20)\\d{2})(?!\\p{N})";
  private static final String MONTH_FIRST =
      "(?<!\\p{L})(?i:" + MONTHS + ") \\d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\\d{2}(?!\\p{N})";
  private static final String BORN =
      "born|birth*|birthday|dob|d\\.o\\.b|geboren|geburtstag|geburtsdatum|né|née|naissance|nacido"
          + "|nacida|nacimiento|nato|nata|nascita|nascido|nascimento";
  private static final String POSTAL =
      "zip|zips|zip ?code|zip-code|postal|postal ?code|post ?code|postcode|plz|postleitzahl|code"
          + " postal|código postal|cap|cep|pincode|pin code|eircode";
  private static final String CREDENTIAL_NAMES =
      "password|passwd|passwort|mot de passe|contraseña|api[ _-]?key|secret(?:[ _-]?key)?"
          + "|access[ _-]?token|auth[ _-]?token|token|bearer";
  private static final String BRITISH_AREAS =
      "A[BL]|B[ABDHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]?"
          + "|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE";

  private static final String EMAIL_DOMAIN =
      "@(?:[\\p{L}0-9](?:[\\p{L}0-9-]{0,61}[\\p{L}0-9])?\\.)+\\p{L}{2,24}";

  /** A mailbox or a domain in a script without blanks. */
  private static final Rule WIDE_EMAIL =
      Rule.of(
          Kind.EMAIL,
          Rule.at(Anchor.AT),
          "(?:(?<![\\p{L}0-9._%+-])[\\p{L}0-9._%+'-]{0,63}"
              + WordBreaks.LETTER
              + EMAIL_DOMAIN
              + "|[a-zA-Z0-9._%+'-]{1,64}(?=@(?:[a-zA-Z0-9-]+\\.)*"
              + WordBreaks.LETTER
              + ")"
              + EMAIL_DOMAIN
              + ")",
          always(0.95),
          "");

  /** Two and three times as many pixels; and endings of files that are no top-level domain. */
  private static final Pattern FILE =
      Pattern.compile(
          ".*(?:@[1-9](?:\\.\\d)?x\\.\\p{Alnum}+|\\.(?:png|jpe?g|gif|webp|svg|bmp|ico|tiff?|heic|psd|eps"
              + "|pdf|docx?|xlsx?|pptx?|odt|ods|rtf|txt|csv|tsv|json|jsonl|xml|ya?ml|toml|ini|cfg|conf|log"
              + "|html?|xhtml|css|scss|less|jsx?|tsx?|mjs|php|aspx?|jsp|java|class|jar|war|kt|cpp|hpp|vb|swift"
              + "|sql|db|sqlite|parquet|exe|dll|msi|dmg|apk|ipa|iso|bin|tar|tgz|gz|bz2|xz|rar|7z|whl|gem"
              + "|mp[34]|m4[av]|wav|ogg|flac|avi|mkv|webm|ttf|otf|woff2?|bak|tmp|lock|pem|crt|ics|eml))");

  private static final Pattern REPOSITORY_USER = Pattern.compile("(?:git|hg|svn)@");

  private static final List<Rule> RULES = rules();

  private final Phones phones;

  /**
   * @param phoneRegions ISO 3166 codes of the countries whose national telephone notation is known
   */
  PatternRecogniser(List<String> phoneRegions) {
    this.phones = new Phones(phoneRegions);
  }

  @Override
  public List<Finding> find(String text) {
    List<Finding> found = new ArrayList<>();
    String shown = WordBreaks.shown(text);
    Anchors anchors = Anchors.of(shown);
    find(shown, text, anchors, found);
    if (anchors.count(Anchor.ESCAPE) > 0) {
      inEscapes(text, found);
    }
    return found;
  }

  /**
   * Adds what the anchors hold.
   *
   * @param text as {@link WordBreaks} show it
   * @param said the same with its words
   */
  private void find(String text, String said, Anchors anchors, List<Finding> found) {
    if (anchors.isEmpty()) {
      return;
    }
    for (Rule rule : RULES) {
      rule.find(text, anchors, found);
    }
    Ibans.find(text, anchors, found);
    PostalCodes.find(text, said, anchors, found);
    phones.find(text, said, anchors, found);
    if (anchors.count(Anchor.AT) > 0) {
      found.removeIf(finding -> finding.kind() == Kind.EMAIL && isFile(text, finding));
      if (!text.equals(said)) {
        // Mailboxes of other scripts: their letters reach as far as the blanks.
        WIDE_EMAIL.find(said, Anchors.of(said), found);
      }
    }
  }

  /** In links people are named by escapes, and what stands between these is no part of a name. */
  private void inEscapes(String text, List<Finding> found) {
    PercentEncoding decoded = PercentEncoding.of(text);
    found.removeIf(finding -> finding.kind() == Kind.EMAIL && hasEscape(text, finding));
    String shown = WordBreaks.shown(decoded.text());
    List<Finding> within = new ArrayList<>();
    find(shown, decoded.text(), Anchors.of(shown), within);
    within.forEach(finding -> found.add(decoded.encoded(finding)));
  }

  private static boolean hasEscape(String text, Finding finding) {
    return IntStream.range(finding.start(), finding.end())
        .anyMatch(i -> PercentEncoding.isEscape(text, i));
  }

  /** Files end in what no domain ends in, and remote copies of code are nobody's mailbox. */
  private static boolean isFile(String text, Finding finding) {
    String email = text.substring(finding.start(), finding.end()).toLowerCase(Locale.ROOT);
    boolean path = text.startsWith(":", finding.end()) && finding.end() + 1 < text.length();
    return FILE.matcher(email).matches()
        || path
            && REPOSITORY_USER.matcher(email).lookingAt()
            && !Character.isWhitespace(text.charAt(finding.end() + 1));
  }

  private static List<Rule> rules() {
    List<Rule> rules = new ArrayList<>();
    contacts(rules);
    money(rules);
    machines(rules);
    secrets(rules);
    places(rules);
    NationalIds.addTo(rules);
    return List.copyOf(rules);
  }

  private static void contacts(List<Rule> rules) {
    rules.add(
        Rule.of(
            Kind.EMAIL,
            Rule.at(Anchor.AT),
            "(?<![\\p{L}0-9._%+-])[\\p{L}0-9._%+'-]{1,64}" + EMAIL_DOMAIN,
            always(0.95),
            ""));
    rules.add(
        Rule.of(
            Kind.BIRTH_DATE,
            Rule.digits(3).reaching(1).from(Start.DIGITS),
            NUMERIC_DATE,
            always(0.2),
            BORN));
    rules.add(
        Rule.of(
            Kind.BIRTH_DATE,
            Rule.digits(5).reaching(11).from(Start.LETTERS),
            MONTH_FIRST,
            always(0.2),
            BORN));
  }

  private static void money(List<Rule> rules) {
    rules.add(
        Rule.of(
            Kind.CARD,
            Rule.digits(7).from(Start.NUMBER),
            "(?<![\\p{L}\\p{N}])(?:[0-9][ -]?){12,18}[0-9](?![\\p{L}\\p{N}])",
            card(0.9, PatternRecogniser::isIssuedCard),
            ""));
    rules.add(
        Rule.of(
            Kind.CARD,
            Rule.digits(7).from(Start.NUMBER),
            "(?<![\\p{L}\\p{N}])(?:[0-9][ -]?){11,18}[0-9](?![\\p{L}\\p{N}])",
            card(0.3, Checksums::luhn),
            "card*|credit|debit|cc|visa|mastercard|amex|maestro|karte|carte|tarjeta|kreditkarte"));
    rules.add(
        Rule.of(
            Kind.CRYPTO_ADDRESS,
            Rule.at(Anchor.LONG_WORD),
            "(?<![\\p{L}\\p{N}])[13][1-9A-HJ-NP-Za-km-z]{25,34}(?![\\p{L}\\p{N}])",
            (text, match) -> Checksums.base58(match.group()) ? 0.95 : 0,
            ""));
    rules.add(
        Rule.of(
            Kind.CRYPTO_ADDRESS,
            Rule.at(Anchor.LONG_WORD),
            "(?<![\\p{L}\\p{N}])(?:bc|tb|ltc)1[a-z0-9]{11,71}(?![\\p{L}\\p{N}])",
            (text, match) -> Checksums.bech32(match.group()) ? 0.95 : 0,
            ""));
    rules.add(
        Rule.of(
            Kind.CRYPTO_ADDRESS,
            Rule.at(Anchor.LONG_WORD),
            "(?<![\\p{L}\\p{N}])0x[0-9a-fA-F]{40}(?![\\p{L}\\p{N}])",
            always(0.8),
            ""));
  }

  private static Rule.Confidence card(double confidence, Predicate<String> check) {
    return (text, match) ->
        check.test(Checksums.digits(match.group()))
                && !OtherNumbers.isThing(text, match.start(), match.end())
            ? confidence
            : 0;
  }

  /** Luhn's check under the ranges that issuers use: 13 to 19 digits that begin with 2 to 6. */
  private static boolean isIssuedCard(String digits) {
    char first = digits.charAt(0);
    boolean length =
        switch (first) {
          case '3' -> digits.length() >= 14 && digits.length() <= 19;
          case '4' -> digits.length() == 13 || digits.length() == 16 || digits.length() == 19;
          case '2', '5' -> digits.length() == 16;
          case '6' -> digits.length() >= 16;
          default -> false;
        };
    return length && Checksums.luhn(digits);
  }

  private static void machines(List<Rule> rules) {
    // What makes four numbers those of a release.
    String packageEnd =
        "[-+.](?i:alpha|beta|rc|snapshot|dev|pre|build|ga|final|zip|exe|msi|dmg|pkg|deb|rpm|jar|tar|tgz|whl|apk|dll)";
    String octet = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})";
    rules.add(
        Rule.of(
            Kind.IP,
            Rule.digits(4).from(Start.NUMBER),
            "(?<![\\p{L}\\p{N}.])(?:"
                + octet
                + "\\.){3}"
                + octet
                + "(?![\\p{L}\\p{N}]|\\.[0-9]|"
                + packageEnd
                + ")",
            (text, match) -> OtherNumbers.version(text, match.start()) ? 0 : 0.85,
            "ip|address|host|server|client"));
    rules.add(
        Rule.of(
            Kind.IP,
            Rule.at(Anchor.COLONS),
            "(?<![\\p{L}\\p{N}:.])(?:[0-9a-fA-F]{1,4}:|::)[0-9a-fA-F:]{1,36}(?:"
                + octet
                + "(?:\\."
                + octet
                + "){3})?(?![\\p{L}\\p{N}:])",
            (text, match) -> isIpV6(match.group()) ? 0.85 : 0,
            ""));
    String hex = "[0-9a-fA-F]";
    for (String separator : List.of(":", "-")) {
      rules.add(
          Rule.of(
              Kind.MAC,
              separator.equals(":") ? Rule.at(Anchor.COLONS) : Rule.digits(2).reaching(18),
              "(?<![\\p{L}\\p{N}:-])(?:"
                  + hex
                  + "{2}"
                  + separator
                  + "){5}"
                  + hex
                  + "{2}(?![\\p{L}\\p{N}:-])",
              always(0.8),
              ""));
    }
    rules.add(
        Rule.of(
            Kind.MAC,
            Rule.digits(2).reaching(14),
            "(?<![\\p{L}\\p{N}.])(?:" + hex + "{4}\\.){2}" + hex + "{4}(?![\\p{L}\\p{N}.])",
            (text, match) -> match.group().matches(".*[0-9].*[0-9].*") ? 0.6 : 0.3,
            "mac|hardware|device|wifi|ethernet"));
    rules.add(
        Rule.of(
            Kind.URL_CREDENTIALS,
            Rule.at(Anchor.SCHEME),
            "\\b[a-z][a-z0-9+.-]*://[^\\s/:@]+:[^\\s/@]+@[^\\s<>\"']+",
            always(0.98),
            ""));
    rules.add(
        Rule.of(
            Kind.URL_CREDENTIALS,
            Rule.at(Anchor.SCHEME),
            "(?i)\\bhttps?://[^\\s<>\"']+[?&#;](?:access_token|auth|api_?key|key|password|passwd|pwd|secret|sig|signature|token|session(?:id)?)=[^\\s<>\"']+",
            always(0.97),
            ""));
    rules.add(
        Rule.of(
            Kind.URL,
            Rule.at(Anchor.SCHEME),
            "(?i)\\b(?:https?|ftp)://[^\\s<>\"'\\])}]*[^\\s<>\"'\\])}.,;:!?]",
            always(0.9),
            ""));
    rules.add(
        Rule.of(
            Kind.URL,
            Rule.at(Anchor.DOT),
            "(?i)(?<![\\p{L}\\p{N}@./-])(?:www\\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+(?:com|org|net|edu|gov|info|biz|io|co|app|dev|me|uk|de|fr|es|it|nl|pl|se|ch|at|be|eu|us|ca|au|in|jp|br|ru|cz|dk|fi|no|hu|gr|pt|ie|nz|za)\\b(?:/[^\\s<>\"'\\])}]*[^\\s<>\"'\\])}.,;:!?])?(?!@)",
            (text, match) -> match.group().toLowerCase(Locale.ROOT).startsWith("www.") ? 0.85 : 0.3,
            "website|web ?site|site|url|domain|homepage|link|visit|web|browse"));
  }

  /** Literals with colons are never looked up. */
  private static boolean isIpV6(String text) {
    if (text.chars().filter(c -> c == ':').count() < 2 || text.length() < 3) {
      return false;
    }
    try {
      return InetAddress.getByName(text) != null;
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static void secrets(List<Rule> rules) {
    rules.add(
        Rule.of(
            Kind.SECRET,
            Rule.at(Anchor.LONG_WORD),
            "(?<![\\p{L}\\p{N}])(?:(?:AKIA|ASIA|AROA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,255}"
                + "|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}"
                + "|AIza[A-Za-z0-9_-]{35}|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}"
                + "|sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}"
                + "|pypi-[A-Za-z0-9_-]{40,}|SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}"
                + "|dapi[0-9a-f]{32}|ya29\\.[A-Za-z0-9_-]{20,}"
                + "|eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,})",
            always(0.97),
            ""));
    rules.add(
        Rule.of(
            Kind.SECRET,
            Rule.at(Anchor.DASHES),
            "-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[^-]{0,20000}(?:-----END (?:[A-Z]+ )*PRIVATE KEY-----)?",
            always(0.99),
            ""));
    rules.add(
        Rule.of(
            Kind.SECRET,
            Rule.at(Anchor.SEPARATOR),
            "(?i)(?<![\\p{L}\\p{N}])(?:"
                + CREDENTIAL_NAMES
                + ")(?: is|:|=| =| :) ?[\"'`]?([^\\s\"'`,;]{6,200})",
            (text, match) -> looksSecret(match.group(1)) ? 0.75 : 0,
            ""));
  }

  /** A word of letters alone is a word; secrets mix letters with digits or signs. */
  private static boolean looksSecret(String value) {
    boolean letter = value.chars().anyMatch(Character::isLetter);
    boolean digit = value.chars().anyMatch(Character::isDigit);
    boolean sign = value.substring(0, value.length() - 1).matches(".*[!$%&*+=#^~_@/-].*");
    return !value.startsWith("<") && (letter ? digit || sign : digit && value.length() >= 8);
  }

  private static void places(List<Rule> rules) {
    rules.add(
        Rule.of(
            Kind.POSTAL_CODE,
            Rule.digits(4).from(Start.NUMBER),
            "(?<![\\p{L}\\p{N}.,$€£#+-])(?:\\d{5}(?:-\\d{4})?|\\d{4} ?[A-Z]{2}|\\d{3}[ -]\\d{2,4}|\\d{4}|\\d{6})(?![\\p{L}\\p{N}%]|[.,-]\\d)",
            (text, match) -> match.group().matches("\\d{4}") ? 0.16 : 0.2,
            POSTAL));
    rules.add(
        Rule.of(
            Kind.POSTAL_CODE,
            Rule.digits(2),
            "(?<![\\p{L}\\p{N}])(?=[A-Z]{1,2}[0-9])(?:[A-Z]{1,2}\\d[A-Z\\d]? \\d[ABD-HJLNP-UW-Z]{2}|[ABCEGHJ-NPRSTVXY]\\d[ABCEGHJ-NPRSTV-Z] \\d[ABCEGHJ-NPRSTV-Z]\\d)(?![\\p{L}\\p{N}])",
            always(0.6),
            POSTAL));
    // In small letters or in one word; Ireland's.
    rules.add(
        Rule.of(
            Kind.POSTAL_CODE,
            Rule.digits(2),
            "(?<![\\p{L}\\p{N}])(?=[A-Za-z]{1,2}[0-9])(?i:(?:"
                + BRITISH_AREAS
                + ")\\d[A-Z\\d]? ?\\d[ABD-HJLNP-UW-Z]{2}|[ABCEGHJ-NPRSTVXY]\\d[ABCEGHJ-NPRSTV-Z] ?\\d[ABCEGHJ-NPRSTV-Z]\\d"
                + "|(?:[AC-FHKNPRTV-Y]\\d\\d|D6W) ?[AC-FHKNPRTV-Y](?=[A-Z]*\\d)[0-9AC-FHKNPRTV-Y]{3})(?![\\p{L}\\p{N}])",
            (text, match) -> AddressWords.standBefore(text, match.start()) ? 0.55 : 0.2,
            POSTAL));
    rules.add(
        Rule.of(
            Kind.POSTAL_CODE,
            Rule.digits(5).reaching(60).from(Start.LINE),
            "\\n[>? ]*(?:\\p{L}[\\p{L} '.-]{1,40} |[A-Z]{2,3},? |nan )?(\\d{5}(?:-\\d{4})?)(?=[ ]*(?:\\n|$))",
            (text, match) -> lines(text, match.start()) >= 2 ? 0.55 : 0.2,
            "address|lives?|street|billing|shipping|ship"));
  }

  private static int lines(String text, int end) {
    return (int) text.substring(0, end).chars().filter(c -> c == '\n').count() + 1;
  }
}
