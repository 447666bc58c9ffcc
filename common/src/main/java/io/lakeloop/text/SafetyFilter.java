package io.lakeloop.text;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Finds answers that ask a user for a secret: a password, a full card number, a security code.
 * Plain rules, so that a violation can be shown and argued with.
 */
public final class SafetyFilter {
  private static final String ASK =
      "(?:send|give|tell|reply|share|write|e-?mail|enter|provide|confirm)";
  private static final String SECRET =
      "(?:your (?:current )?(?:password|passphrase|pin)\\b|(?:full|complete|whole) card number"
          + "|card number and|security code|\\bcvc\\b|\\bcvv\\b|digits on the back)";
  private static final List<Pattern> VIOLATIONS =
      List.of(Pattern.compile("\\b" + ASK + "\\b[^.?!]{0,60}" + SECRET, Pattern.CASE_INSENSITIVE));

  private SafetyFilter() {}

  public static boolean violates(String completion) {
    return VIOLATIONS.stream().anyMatch(pattern -> pattern.matcher(completion).find());
  }
}
