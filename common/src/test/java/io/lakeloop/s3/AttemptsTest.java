package io.lakeloop.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.amazonaws.SdkClientException;
import com.amazonaws.services.s3.model.AmazonS3Exception;
import io.lakeloop.config.ErrorCode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttemptsTest {
  private int asked;

  /** Fails with each of these, then answers. */
  private Attempts.Request<String> failing(Exception... failures) {
    Deque<Exception> left = new ArrayDeque<>(List.of(failures));
    return () -> {
      asked++;
      Exception next = left.poll();
      if (next instanceof IOException e) {
        throw e;
      }
      if (next != null) {
        throw (RuntimeException) next;
      }
      return "answer";
    };
  }

  @Test
  void asksAgainWhereAnAnswerBrokeOffOrCannotBeRead() throws IOException {
    assertEquals(
        "answer",
        new Attempts(3)
            .answer(
                failing(
                    new IOException("premature end"),
                    new SdkClientException("Failed to parse XML document"))));
    assertEquals(3, asked);
  }

  @Test
  void takesTheServicesAndTheLibrarysWordAsFinal() {
    AmazonS3Exception refused = new AmazonS3Exception("Forbidden");
    assertSame(
        refused,
        assertThrows(AmazonS3Exception.class, () -> new Attempts(3).answer(failing(refused))));
    SdkClientException exhausted = new SdkClientException("Unable to execute HTTP request: x");
    assertSame(
        exhausted,
        assertThrows(SdkClientException.class, () -> new Attempts(3).answer(failing(exhausted))));
    IOException inner = new IOException("Cannot read s3://b/k: x", exhausted);
    assertSame(
        inner, assertThrows(IOException.class, () -> new Attempts(3).answer(failing(inner))));
    assertEquals(3, asked);
  }

  @Test
  void tellsThatEveryAnswerBrokeOff() {
    SdkClientException failure =
        assertThrows(
            SdkClientException.class,
            () ->
                new Attempts(2)
                    .answer(failing(new IOException("premature end"), new IOException("again"))));
    assertEquals(2, asked);
    assertEquals(ErrorCode.UNAVAILABLE, BucketFailure.of(failure).orElseThrow().code());
  }
}
