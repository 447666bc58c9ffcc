package io.lakeloop.s3;

import com.amazonaws.AmazonClientException;
import com.amazonaws.AmazonServiceException;
import com.amazonaws.services.s3.model.AmazonS3Exception;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tells a bucket's failure in a line, whether the registry met it or Spark's own S3A did. */
public final class BucketFailure {
  private static final Pattern ADDRESS = Pattern.compile("s3[an]?://[^\\s:'\"]+");
  private static final int NOT_FOUND = 404;
  private static final int SERVER_ERROR = 500;
  private static final Set<Integer> MENDABLE = Set.of(301, 400, 401, 403, NOT_FOUND, 501);

  private BucketFailure() {}

  /**
   * Returns what the person is told: INPUT_MISSING where the service refuses for good, and
   * UNAVAILABLE where it does not answer, or not now. Empty where no bucket has to do with it.
   */
  public static Optional<UserError> of(Throwable failure) {
    String address = null;
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof AmazonClientException cause) {
        return Optional.ofNullable(told(address == null ? "the bucket" : address, cause));
      }
      Matcher found = ADDRESS.matcher(String.valueOf(t.getMessage()));
      address = found.find() ? found.group() : address;
    }
    return Optional.empty();
  }

  private static UserError told(String address, AmazonClientException cause) {
    if (cause instanceof AmazonServiceException answer) {
      int status = answer.getStatusCode();
      if (status == NOT_FOUND && !"NoSuchBucket".equals(answer.getErrorCode())) {
        // An object that is missing in a bucket that is there.
        return null;
      }
      if (MENDABLE.contains(status)) {
        return new UserError(
            ErrorCode.INPUT_MISSING,
            "Cannot use %s: %s. Check the bucket's name, its region, that the credentials of the"
                + " default chain may use it, and fs.s3a.encryption.algorithm.",
            address,
            said(answer));
      }
      return status >= SERVER_ERROR ? unavailable(address, said(answer)) : null;
    }
    String why = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    if (why.contains("Unable to load AWS credentials")) {
      return new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot use %s: the default chain has no credentials. Set AWS_ACCESS_KEY_ID and"
              + " AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or give the machine a role.",
          address);
    }
    return unavailable(address, why);
  }

  private static UserError unavailable(String address, String why) {
    return new UserError(
        ErrorCode.UNAVAILABLE,
        "Cannot reach %s, after as many attempts as fs.s3a.attempts.maximum allows: %s. Check"
            + " fs.s3a.endpoint and the network, then run this again: what is published stands.",
        address,
        why);
  }

  private static String said(AmazonServiceException answer) {
    String message =
        answer.getErrorMessage() == null ? "refused without a word" : answer.getErrorMessage();
    String code =
        answer instanceof AmazonS3Exception && answer.getErrorCode() != null
            ? answer.getErrorCode()
            : "no code";
    return "%s (%s, status %d)".formatted(message, code, answer.getStatusCode());
  }
}
