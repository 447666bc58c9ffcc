package io.lakeloop.text.personal;

import static io.lakeloop.text.personal.Rule.Confidence.always;
import static io.lakeloop.text.personal.Rule.Confidence.compact;
import static io.lakeloop.text.personal.Rule.Confidence.digits;

import io.lakeloop.text.personal.Rule.Start;
import java.util.List;
import java.util.function.Predicate;

/** Numbers that states give to persons, with their check digits. */
final class NationalIds {
  private NationalIds() {}

  static void addTo(List<Rule> rules) {
    rules.add(
        Rule.of(
            Kind.SSN,
            Rule.digits(7).from(Start.NUMBER),
            "(?<![\\p{L}\\p{N}-])(?!000|666|9[0-9]{2})[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\\p{L}\\p{N}-])",
            always(0.95),
            ""));
    rules.add(
        Rule.of(
            Kind.SSN,
            Rule.digits(7).from(Start.NUMBER),
            "(?<![\\p{L}\\p{N}-])(?!000|666|9[0-9]{2})[0-9]{3} ?(?!00)[0-9]{2} ?(?!0000)[0-9]{4}(?![\\p{L}\\p{N}-])",
            always(0.2),
            "ssn|ssns|social security*|social"));
    rules.add(
        Rule.of(
            Kind.DRIVER_LICENCE,
            Rule.digits(4),
            "(?<![\\p{L}\\p{N}])(?=[A-Z0-9-]*\\d{4})[A-Z]{0,3}\\d[A-Z0-9-]{4,17}(?![\\p{L}\\p{N}])",
            always(0.2),
            "driver'?s? licen[cs]e|drivers' licen[cs]e|driving licen[cs]e|licen[cs]e number|licen[cs]e"
                + " no|permit number|führerschein*|dl#?"));
    strongIds(rules);
    idsInContext(rules);
  }

  /** Their form and check leave little room for chance. */
  private static void strongIds(List<Rule> rules) {
    String free = "(?<![\\p{L}\\p{N}-])";
    String end = "(?![\\p{L}\\p{N}-])";
    rules.add(
        id(
            free
                + "[1-9]\\d{5}(?:19|20)\\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])\\d{3}[\\dXx]"
                + end,
            (text, match) -> Checksums.chinese(match.group()) ? 0.92 : 0));
    rules.add(id(free + "\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}" + end, digits(0.9, Checksums::cpf)));
    rules.add(
        id(
            free
                + "[12] ?\\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\\d) ?(?:\\d{2}|2[AB]) ?\\d{3} ?\\d{3} ?\\d{2}"
                + end,
            compact(0.92, Checksums::nir)));
    rules.add(
        id(
            free + "[A-Z]{6}\\d{2}[A-EHLMPRST]\\d{2}[A-Z]\\d{3}[A-Z]" + end,
            (text, match) -> Checksums.codiceFiscale(match.group()) ? 0.95 : 0));
    rules.add(
        id(
            free + "(?:\\d{8}|[XYZ]-?\\d{7})-?[TRWAGMYFPDXBNJZSQVHLCKE]" + end,
            compact(0.7, Checksums::dni)));
    rules.add(
        id(
            free
                + "[A-Z]{4}\\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])[HMX][A-Z]{5}[A-Z0-9]\\d"
                + end,
            always(0.9)));
    rules.add(
        id(
            free
                + "(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]"
                + end,
            always(0.7)));
    rules.add(
        id(
            free + "\\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])-[1-8]\\d{6}" + end,
            digits(0.9, Checksums::rrn)));
    rules.add(
        id(
            free + "(?:19|20)?\\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])[-+]\\d{4}" + end,
            (text, match) -> {
              String digits = Checksums.digits(match.group());
              return Checksums.luhn(digits.substring(digits.length() - 10)) ? 0.7 : 0;
            }));
    rules.add(id(free + "[2-9]\\d{3} \\d{4} \\d{4}" + end, digits(0.75, Checksums::aadhaar)));
  }

  private static Rule id(String pattern, Rule.Confidence base) {
    return Rule.of(Kind.NATIONAL_ID, Rule.digits(6), pattern, base, "");
  }

  /** One number in ten or eleven passes their check: they count where words speak of them. */
  private static void idsInContext(List<Rule> rules) {
    inContext(
        rules, "\\d{4}[ -]?\\d{4}[ -]?\\d{4}", Checksums::aadhaar, "aadhaar|aadhar|uidai|uid");
    inContext(rules, "\\d{11}", Checksums::cpf, "cpf");
    inContext(
        rules, "\\d{4}[ -]?\\d{4}[ -]?\\d{4}", Checksums::myNumber, "my number|mynumber|kojin");
    inContext(
        rules,
        "\\d{2} ?\\d{3} ?\\d{3} ?\\d{3}",
        Checksums::steuerId,
        "steuer*|idnr|tin|tax id*|identifikationsnummer");
    inContext(rules, "\\d{3}[ -]?\\d{3}[ -]?\\d{4}", Checksums::nhs, "nhs|national health");
    inContext(rules, "\\d{3}[ -]?\\d{3}[ -]?\\d{3}", Checksums::luhn, "sin|social insurance*|nas");
    inContext(rules, "\\d{3} ?\\d{3} ?\\d{3}", Checksums::tfn, "tfn|tax file*");
    inContext(rules, "\\d{11}", Checksums::pesel, "pesel");
    inContext(rules, "\\d{11}", Checksums::tckn, "tckn|tc kimlik|kimlik*|t\\.c");
    inContext(rules, "\\d{9}", Checksums::bsn, "bsn|burgerservicenummer|sofinummer");
  }

  private static void inContext(
      List<Rule> rules, String pattern, Predicate<String> check, String context) {
    rules.add(
        Rule.of(
            Kind.NATIONAL_ID,
            Rule.digits(7),
            "(?<![\\p{L}\\p{N}-])" + pattern + "(?![\\p{L}\\p{N}-])",
            digits(0.35, check),
            context));
  }
}
