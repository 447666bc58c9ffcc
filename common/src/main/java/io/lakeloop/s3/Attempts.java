package io.lakeloop.s3;

import com.amazonaws.AmazonServiceException;
import com.amazonaws.SdkClientException;
import com.amazonaws.retry.PredefinedBackoffStrategies.FullJitterBackoffStrategy;
import com.amazonaws.retry.v2.RetryPolicyContext;
import java.io.IOException;
import java.io.InterruptedIOException;

/**
 * Asks again where an answer broke off or came damaged, with full jitter between the attempts
 * (Brooker, "Exponential Backoff And Jitter", AWS 2015). The library itself asks again, by the same
 * pauses, only as long as no answer has begun.
 */
final class Attempts {
  private static final int FIRST_PAUSE_MILLIS = 100;
  private static final int LONGEST_PAUSE_MILLIS = 20_000;

  private final int most;

  /**
   * @param most attempts, the first included
   */
  Attempts(int most) {
    this.most = most;
  }

  /** One request, and all that is read of its answer. */
  interface Request<T> {
    T answer() throws IOException;
  }

  static FullJitterBackoffStrategy pauses() {
    return new FullJitterBackoffStrategy(FIRST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS);
  }

  /**
   * Asks until there is an answer.
   *
   * @throws SdkClientException if the service refuses, or every attempt failed
   */
  <T> T answer(Request<T> request) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        return request.answer();
      } catch (SdkClientException e) {
        if (attempt >= most || isFinal(e)) {
          throw e;
        }
      } catch (IOException e) {
        if (isTold(e)) {
          throw e;
        }
        if (attempt >= most) {
          throw new SdkClientException("The answer broke off: " + e.getMessage(), e);
        }
      }
      pause(attempt);
    }
  }

  /** The service has decided, or the library has tried as often as it may. */
  private static boolean isFinal(SdkClientException e) {
    String message = String.valueOf(e.getMessage());
    return e instanceof AmazonServiceException
        || message.startsWith("Unable to execute HTTP request")
        || message.startsWith("Unable to load AWS credentials");
  }

  /** What a request inside this one failed of after its own attempts, or the end of this thread. */
  private static boolean isTold(IOException e) {
    return e.getCause() instanceof SdkClientException
        || e instanceof InterruptedIOException && Thread.currentThread().isInterrupted();
  }

  private static void pause(int attempt) throws IOException {
    try {
      Thread.sleep(
          pauses()
              .computeDelayBeforeNextRetry(
                  RetryPolicyContext.builder().retriesAttempted(attempt).build()));
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  static IOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while a bucket was waited for");
  }
}
