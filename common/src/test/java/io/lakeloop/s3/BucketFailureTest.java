package io.lakeloop.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.amazonaws.SdkClientException;
import com.amazonaws.services.s3.model.AmazonS3Exception;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.AccessDeniedException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BucketFailureTest {

  private static AmazonS3Exception answer(int status, String code, String message) {
    AmazonS3Exception answer = new AmazonS3Exception(message);
    answer.setStatusCode(status);
    answer.setErrorCode(code);
    return answer;
  }

  private static RuntimeException onAnExecutor(Exception cause) {
    return new RuntimeException("Job aborted due to stage failure", cause);
  }

  @Test
  void saysWhatS3aWasRefused() {
    IOException refused =
        new AccessDeniedException("s3a://loop/tables/runs", null, "getFileStatus: Forbidden");
    refused.initCause(answer(403, "AccessDenied", "Forbidden"));

    UserError error = BucketFailure.of(onAnExecutor(refused)).orElseThrow();

    assertEquals(ErrorCode.INPUT_MISSING, error.code());
    assertTrue(
        error
            .getMessage()
            .startsWith(
                "Cannot use s3a://loop/tables/runs: Forbidden (AccessDenied, status 403). Check"),
        error.getMessage());
  }

  @Test
  void takesOverloadForTheServicesFault() {
    UserError error =
        BucketFailure.of(answer(503, "SlowDown", "Please reduce your request rate")).orElseThrow();
    assertEquals(ErrorCode.UNAVAILABLE, error.code());
    assertEquals(75, error.code().exitCode());
  }

  @Test
  void leavesToUsWhatIsNoFaultOfTheBucket() {
    assertEquals(Optional.empty(), BucketFailure.of(new IOException("s3a://loop/x is odd")));
    assertEquals(Optional.empty(), BucketFailure.of(answer(404, "NoSuchKey", "no such key")));
    assertTrue(BucketFailure.of(answer(404, "NoSuchBucket", "no such bucket")).isPresent());
  }

  @Test
  void namesMissingCredentials() {
    UserError error =
        BucketFailure.of(
                new SdkClientException(
                    "Unable to load AWS credentials from any provider in the chain"))
            .orElseThrow();
    assertEquals(ErrorCode.INPUT_MISSING, error.code());
    assertTrue(error.getMessage().contains("Set AWS_ACCESS_KEY_ID"), error.getMessage());
  }

  @Test
  void saysThatNobodyAnswers() throws IOException {
    System.setProperty("aws.accessKeyId", "specs");
    System.setProperty("aws.secretKey", "not-a-secret");
    int nobody;
    try (ServerSocket socket = new ServerSocket(0)) {
      nobody = socket.getLocalPort();
    }
    Bucket bucket =
        Bucket.open(
            new S3Settings("http://127.0.0.1:" + nobody, "us-east-1", true, "", "", 500, 2),
            "loop");

    UserError error =
        BucketFailure.of(assertThrows(IOException.class, () -> bucket.read("published/x")))
            .orElseThrow();

    assertEquals(ErrorCode.UNAVAILABLE, error.code());
    assertTrue(
        error.getMessage().startsWith("Cannot reach s3://loop/published/x, after as many attempts"),
        error.getMessage());
  }
}
