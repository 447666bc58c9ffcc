package io.lakeloop.run;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import io.lakeloop.s3.BucketFailure;
import io.lakeloop.table.StorageFailure;
import java.util.Optional;

/** Whose a failure is. */
public final class Failure {
  private Failure() {}

  /**
   * Returns what the person at the keyboard is told, empty for a defect. An error of the user's may
   * arrive wrapped, when it was found on an executor; a bucket's comes in the words of the library.
   */
  public static Optional<UserError> userError(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof UserError error) {
        return Optional.of(error);
      }
    }
    return BucketFailure.of(failure)
        .or(() -> StorageFailure.of(failure))
        .or(() -> ofMemory(RootCause.of(failure)));
  }

  private static Optional<UserError> ofMemory(Throwable root) {
    String why =
        root instanceof OutOfMemoryError
            ? "the driver's memory is used up. Lower what the settings ask for at once, or give more"
                + " with --spark spark.driver.memory=8g"
            : root instanceof StackOverflowError
                ? "something in the settings or the input is nested too deeply, or is a list of"
                    + " thousands. Shorten it"
                : null;
    return Optional.ofNullable(why)
        .map(told -> new UserError(ErrorCode.CONFIG_INVALID, "Cannot go on: %s.", told));
  }
}
