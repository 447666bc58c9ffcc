package io.lakeloop.config;

import java.util.List;
import java.util.Locale;

/**
 * A failure that the person at the keyboard can mend: what could not be done, why with the values,
 * what to do. It is printed as it stands, without a stack trace.
 */
public final class UserError extends RuntimeException {
  private final ErrorCode code;
  private final transient List<String> problems;

  public UserError(ErrorCode code, String message, Object... arguments) {
    super(arguments.length == 0 ? message : String.format(Locale.ROOT, message, arguments));
    this.code = code;
    this.problems = List.of();
  }

  /** The error of settings with these problems. */
  UserError(String subject, List<String> problems) {
    super("Cannot use the settings of " + subject + ": " + String.join("; ", problems) + ".");
    this.code = ErrorCode.CONFIG_INVALID;
    this.problems = List.copyOf(problems);
  }

  /** What is wrong with settings, one by one; empty for any other error. */
  List<String> problems() {
    return problems;
  }

  public ErrorCode code() {
    return code;
  }
}
