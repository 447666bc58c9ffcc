package io.lakeloop.s3;

import com.amazonaws.services.s3.model.ObjectMetadata;
import com.amazonaws.services.s3.model.PutObjectRequest;
import com.amazonaws.services.s3.model.SSEAwsKeyManagementParams;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;

/**
 * How buckets are reached: the keys that S3A has for it in spark-defaults.conf, so that tables and
 * registry are set in one place. Credentials are not among them: they come from Amazon's default
 * chain alone (environment, web identity, profile, container or instance role).
 *
 * @param endpoint address of the service, or empty for Amazon's of the region
 * @param region region, or empty for the default chain's
 * @param pathStyle the bucket stands in the path rather than in the host name
 * @param encryption empty, AES256 (SSE-S3) or SSE-KMS, as S3A spells them
 * @param encryptionKey key of SSE-KMS, or empty for the account's own
 * @param timeoutMillis milliseconds without a byte after which a request is given up and tried
 *     again
 * @param attempts times that a request is tried, the first included
 */
public record S3Settings(
    String endpoint,
    String region,
    boolean pathStyle,
    String encryption,
    String encryptionKey,
    int timeoutMillis,
    int attempts)
    implements Serializable {
  private static final int TIMEOUT_MILLIS = 200_000;
  private static final int ATTEMPTS = 20;

  /** Reads the fs.s3a keys. */
  public static S3Settings of(Configuration hadoop) {
    String endpoint = hadoop.getTrimmed("fs.s3a.endpoint", "");
    if (!endpoint.isEmpty() && !endpoint.contains("://")) {
      boolean tls = hadoop.getBoolean("fs.s3a.connection.ssl.enabled", true);
      endpoint = (tls ? "https://" : "http://") + endpoint;
    }
    return new S3Settings(
        endpoint,
        hadoop.getTrimmed("fs.s3a.endpoint.region", ""),
        hadoop.getBoolean("fs.s3a.path.style.access", false),
        either(hadoop, "fs.s3a.encryption.algorithm", "fs.s3a.server-side-encryption-algorithm"),
        either(hadoop, "fs.s3a.encryption.key", "fs.s3a.server-side-encryption.key"),
        hadoop.getInt("fs.s3a.connection.timeout", TIMEOUT_MILLIS),
        hadoop.getInt("fs.s3a.attempts.maximum", ATTEMPTS));
  }

  /** The request, asking the service to encrypt what it is sent. */
  PutObjectRequest encrypted(PutObjectRequest request) {
    switch (encryption) {
      case "" -> {}
      case "AES256" ->
          request.getMetadata().setSSEAlgorithm(ObjectMetadata.AES_256_SERVER_SIDE_ENCRYPTION);
      case "SSE-KMS" ->
          request.setSSEAwsKeyManagementParams(
              encryptionKey.isEmpty()
                  ? new SSEAwsKeyManagementParams()
                  : new SSEAwsKeyManagementParams(encryptionKey));
      default ->
          throw new UserError(
              ErrorCode.CONFIG_INVALID,
              "Cannot encrypt in the bucket %s: fs.s3a.encryption.algorithm is '%s'. Set AES256 or"
                  + " SSE-KMS in the environment's spark-defaults.conf, or leave it out.",
              request.getBucketName(),
              encryption);
    }
    return request;
  }

  /** Hadoop 3.3 knows both spellings. */
  private static String either(Configuration hadoop, String key, String older) {
    return hadoop.getTrimmed(key, hadoop.getTrimmed(older, ""));
  }
}
