package io.lakeloop.text.personal;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What links hold. Digits in a link mostly number a page, so that only what is sure counts there,
 * and what a parameter's name or the host's place tells.
 */
final class Links {
  private static final String ESCAPES = "%(?:25)*";
  private static final Pattern PARAMETER =
      Pattern.compile(
          "(?:[?&;#]|"
              + ESCAPES
              + "(?:3[Ff]|26))([\\w.\\[\\]-]{1,40})(?:=|"
              + ESCAPES
              + "3[Dd])(?:"
              + ESCAPES
              + "2[Bb]|[+])?$");
  private static final Pattern HOST = Pattern.compile("[a-z]+://(?:[^/?#]*@)?");
  private static final Map<Kind, Pattern> NAMES =
      Map.of(
          Kind.PHONE, name("phone|tel|mobile|cell|fax|msisdn|whatsapp|sms|callback"),
          Kind.CARD, name("card|cc|pan"),
          Kind.POSTAL_CODE, name("zip|postal|postcode|plz"),
          Kind.BIRTH_DATE, name("dob|birth"),
          Kind.NATIONAL_ID, name("ssn|nhs|cpf|dni|national|tax"),
          Kind.DRIVER_LICENCE, name("licen[cs]e"),
          Kind.IP, name("ip|host|addr|server"),
          Kind.MAC, name("mac|device"));
  private static final int LOOK_BACK = 60;

  private Links() {}

  private static Pattern name(String words) {
    return Pattern.compile("(?i)(?:" + words + ")");
  }

  /** True if what lies within a link is what it looks like. */
  static boolean says(String text, Finding link, Finding within) {
    if (within.confidence() > link.confidence()) {
      return true;
    }
    String before =
        text.substring(Math.max(link.start(), within.start() - LOOK_BACK), within.start());
    if (within.kind() == Kind.IP && HOST.matcher(before).matches()) {
      return true;
    }
    Matcher parameter = PARAMETER.matcher(before);
    Pattern names = NAMES.get(within.kind());
    return parameter.find() && names != null && names.matcher(parameter.group(1)).find();
  }
}
