package io.lakeloop.run;

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
    return BucketFailure.of(failure).or(() -> StorageFailure.of(failure));
  }
}
