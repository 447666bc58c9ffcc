package io.lakeloop.config;

import java.util.Locale;

/**
 * A failure that the person at the keyboard can mend: what could not be done, why with the values,
 * what to do. It is printed as it stands, without a stack trace.
 */
public final class UserError extends RuntimeException {
  private final ErrorCode code;

  public UserError(ErrorCode code, String message, Object... arguments) {
    super(arguments.length == 0 ? message : String.format(Locale.ROOT, message, arguments));
    this.code = code;
  }

  public ErrorCode code() {
    return code;
  }
}
