package io.lakeloop.s3;

import com.amazonaws.AmazonClientException;
import com.amazonaws.ClientConfiguration;
import com.amazonaws.SdkClientException;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.retry.PredefinedBackoffStrategies.FullJitterBackoffStrategy;
import com.amazonaws.retry.PredefinedRetryPolicies;
import com.amazonaws.retry.RetryPolicy;
import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.amazonaws.services.s3.model.AmazonS3Exception;
import com.amazonaws.services.s3.model.ListMultipartUploadsRequest;
import com.amazonaws.services.s3.model.ListObjectsV2Request;
import com.amazonaws.services.s3.model.ListObjectsV2Result;
import com.amazonaws.services.s3.model.MultipartUpload;
import com.amazonaws.services.s3.model.ObjectMetadata;
import com.amazonaws.services.s3.model.PutObjectRequest;
import com.amazonaws.services.s3.model.S3Object;
import com.amazonaws.services.s3.model.S3ObjectSummary;
import com.amazonaws.services.s3.model.SSEAwsKeyManagementParams;
import com.amazonaws.services.s3.transfer.TransferManager;
import com.amazonaws.services.s3.transfer.TransferManagerBuilder;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * One bucket. Requests are tried again with full jitter (Brooker, "Exponential Backoff And Jitter",
 * AWS 2015); what is read is checked against its SHA-256, and an object that must not be
 * overwritten is written under the condition that it is not there, which the service decides.
 */
public final class Bucket {
  private static final String SHA256 = "sha256";
  private static final long PART_BYTES = 16L << 20;
  private static final int FIRST_PAUSE_MILLIS = 100;
  private static final int LONGEST_PAUSE_MILLIS = 20_000;
  private static final int UPLOADERS = 8;
  private static final int LOOKS = 4;
  private static final int PRECONDITION_FAILED = 412;
  private static final int CONFLICT = 409;
  private static final int NOT_FOUND = 404;
  private static final Map<List<Object>, Bucket> OPEN = new ConcurrentHashMap<>();

  private final AmazonS3 client;
  private final TransferManager transfers;
  private final S3Settings settings;
  private final String name;

  private Bucket(S3Settings settings, String name) {
    this.settings = settings;
    this.name = name;
    this.client = client(settings);
    this.transfers =
        TransferManagerBuilder.standard()
            .withS3Client(client)
            .withExecutorFactory(Bucket::uploaders)
            .withMinimumUploadPartSize(PART_BYTES)
            .withMultipartUploadThreshold(PART_BYTES)
            .build();
  }

  /** The bucket; a process opens it once. */
  public static Bucket open(S3Settings settings, String name) {
    return OPEN.computeIfAbsent(List.of(settings, name), key -> new Bucket(settings, name));
  }

  private static AmazonS3 client(S3Settings settings) {
    AmazonS3ClientBuilder builder =
        AmazonS3ClientBuilder.standard()
            .withPathStyleAccessEnabled(settings.pathStyle())
            .withClientConfiguration(
                new ClientConfiguration()
                    .withSocketTimeout(settings.timeoutMillis())
                    .withRetryPolicy(
                        new RetryPolicy(
                            PredefinedRetryPolicies.DEFAULT_RETRY_CONDITION,
                            new FullJitterBackoffStrategy(FIRST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS),
                            settings.attempts() - 1,
                            false)));
    if (!settings.endpoint().isEmpty()) {
      builder.withEndpointConfiguration(
          new EndpointConfiguration(
              settings.endpoint(), settings.region().isEmpty() ? "us-east-1" : settings.region()));
    } else if (!settings.region().isEmpty()) {
      builder.withRegion(settings.region());
    }
    return builder.build();
  }

  /** Threads that upload parts; none of them keeps a process alive that has done its work. */
  private static ExecutorService uploaders() {
    return Executors.newFixedThreadPool(
        UPLOADERS,
        work -> {
          Thread thread = new Thread(work, "bucket-upload");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** An object's content, and the tag that changes with it. */
  public record Stored(String content, String tag) {}

  /**
   * Writes the object if there is none of that name.
   *
   * @return false if somebody else's is there
   */
  public boolean create(String key, String content) throws IOException {
    return put(key, content, "If-None-Match", "*");
  }

  /**
   * Writes the object if its tag is still the one that was read.
   *
   * @return false if somebody else changed or removed it
   */
  public boolean replace(String key, String tag, String content) throws IOException {
    return put(key, content, "If-Match", "\"" + tag + "\"");
  }

  /** Writes the object, whatever is there. */
  public void write(String key, String content) throws IOException {
    put(key, content, null, null);
  }

  private boolean put(String key, String content, String condition, String value)
      throws IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    ObjectMetadata metadata = new ObjectMetadata();
    metadata.setContentLength(bytes.length);
    metadata.setContentType("application/json");
    PutObjectRequest request =
        encrypted(new PutObjectRequest(name, key, new ByteArrayInputStream(bytes), metadata));
    if (condition != null) {
      request.putCustomRequestHeader(condition, value);
    }
    for (int attempt = 1; ; attempt++) {
      try {
        client.putObject(request);
        return true;
      } catch (AmazonS3Exception e) {
        if (condition == null || !refused(e)) {
          throw failed("write", key, e);
        }
        // An answer that got lost on the way is asked for again, and then our own object refuses
        // us.
        if (read(key).filter(stored -> stored.content().equals(content)).isPresent()) {
          return true;
        }
        if (e.getStatusCode() != CONFLICT || attempt >= settings.attempts()) {
          return false;
        }
        pause(attempt);
        request.setInputStream(new ByteArrayInputStream(bytes));
      } catch (SdkClientException e) {
        throw failed("write", key, e);
      }
    }
  }

  /** The condition did not hold, or another conditional write was under way. */
  private static boolean refused(AmazonS3Exception e) {
    return e.getStatusCode() == PRECONDITION_FAILED
        || e.getStatusCode() == CONFLICT
        || isMissing(e);
  }

  /** No such object. Where the bucket is missing, the service says so. */
  private static boolean isMissing(AmazonS3Exception e) {
    return e.getStatusCode() == NOT_FOUND && !"NoSuchBucket".equals(e.getErrorCode());
  }

  /** Reads a small object, empty where there is none. */
  public Optional<Stored> read(String key) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try (S3Object object = client.getObject(name, key)) {
        return Optional.of(
            new Stored(
                new String(object.getObjectContent().readAllBytes(), StandardCharsets.UTF_8),
                object.getObjectMetadata().getETag()));
      } catch (AmazonS3Exception e) {
        if (isMissing(e)) {
          return Optional.empty();
        }
        throw failed("read", key, e);
      } catch (IOException | SdkClientException e) {
        // The library asks again while it waits for an answer, not when one breaks off.
        if (attempt >= settings.attempts()) {
          throw failed("read", key, e);
        }
        pause(attempt);
      }
    }
  }

  /**
   * Uploads the file, in parts where it is large; a whole one of the same content is left alone.
   *
   * @param sha256 the file's digest, kept beside the object
   */
  public void upload(String key, Path file, String sha256) throws IOException {
    try {
      if (present(key, Files.size(file), sha256)) {
        return;
      }
      ObjectMetadata metadata = new ObjectMetadata();
      metadata.setContentLength(Files.size(file));
      metadata.addUserMetadata(SHA256, sha256);
      transfers
          .upload(encrypted(new PutObjectRequest(name, key, file.toFile()).withMetadata(metadata)))
          .waitForUploadResult();
    } catch (AmazonClientException e) {
      throw failed("upload", key, e);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private boolean present(String key, long bytes, String sha256) {
    try {
      ObjectMetadata found = client.getObjectMetadata(name, key);
      return found.getContentLength() == bytes
          && sha256.equals(found.getUserMetadata().get(SHA256));
    } catch (AmazonS3Exception e) {
      if (e.getStatusCode() == NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Downloads the object into a file that appears when it is whole.
   *
   * @throws UserError ARTIFACT_CORRUPT if the bucket's bytes are not what was published
   */
  public void download(String key, Path file, String sha256) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".part");
    for (int attempt = 1; ; attempt++) {
      try (S3Object object = client.getObject(name, key);
          InputStream in = object.getObjectContent()) {
        Files.copy(in, fresh, StandardCopyOption.REPLACE_EXISTING);
        if (Digest.of(fresh).equals(sha256)) {
          Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
          return;
        }
        // What was damaged on the way comes whole the next time; what is damaged there does not.
        if (attempt >= Math.min(LOOKS, settings.attempts())) {
          throw new UserError(
              ErrorCode.ARTIFACT_CORRUPT,
              "Cannot load s3://%s/%s: its bytes have not the SHA-256 %s that was published. Restore"
                  + " the object, or publish the artifact again.",
              name,
              key,
              sha256);
        }
      } catch (AmazonS3Exception e) {
        throw failed("read", key, e);
      } catch (IOException | SdkClientException e) {
        if (attempt >= settings.attempts()) {
          throw failed("read", key, e);
        }
      }
      pause(attempt);
    }
  }

  /** Names directly below the prefix, sorted: up to the next slash. */
  public List<String> below(String prefix) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        return listed(prefix);
      } catch (AmazonS3Exception e) {
        throw failed("list", prefix, e);
      } catch (SdkClientException e) {
        // A list that broke off cannot be parsed, which the library takes for final.
        if (attempt >= settings.attempts()) {
          throw failed("list", prefix, e);
        }
        pause(attempt);
      }
    }
  }

  private List<String> listed(String prefix) {
    TreeSet<String> names = new TreeSet<>();
    ListObjectsV2Request request =
        new ListObjectsV2Request().withBucketName(name).withPrefix(prefix).withDelimiter("/");
    ListObjectsV2Result page;
    do {
      page = client.listObjectsV2(request);
      for (String folder : page.getCommonPrefixes()) {
        names.add(folder.substring(prefix.length(), folder.length() - 1));
      }
      for (S3ObjectSummary object : page.getObjectSummaries()) {
        names.add(object.getKey().substring(prefix.length()));
      }
      request.setContinuationToken(page.getNextContinuationToken());
    } while (page.isTruncated());
    return List.copyOf(names);
  }

  /** Deletes the object; there need not be any. */
  public void delete(String key) throws IOException {
    try {
      client.deleteObject(name, key);
    } catch (SdkClientException e) {
      throw failed("delete", key, e);
    }
  }

  /** Deletes every object below the prefix, and parts of uploads that were never finished. */
  public void deleteBelow(String prefix) throws IOException {
    abortUploads(prefix);
    try {
      ListObjectsV2Result page;
      do {
        page = client.listObjectsV2(name, prefix);
        for (S3ObjectSummary object : page.getObjectSummaries()) {
          client.deleteObject(name, object.getKey());
        }
      } while (page.isTruncated());
    } catch (SdkClientException e) {
      throw failed("delete", prefix, e);
    }
  }

  /** Lets go of the parts that a killed upload left below the prefix. */
  public void abortUploads(String prefix) throws IOException {
    try {
      for (MultipartUpload upload :
          client
              .listMultipartUploads(new ListMultipartUploadsRequest(name).withPrefix(prefix))
              .getMultipartUploads()) {
        client.abortMultipartUpload(
            new com.amazonaws.services.s3.model.AbortMultipartUploadRequest(
                name, upload.getKey(), upload.getUploadId()));
      }
    } catch (SdkClientException e) {
      throw failed("tidy up", prefix, e);
    }
  }

  private PutObjectRequest encrypted(PutObjectRequest request) {
    switch (settings.encryption()) {
      case "" -> {}
      case "AES256" ->
          request.getMetadata().setSSEAlgorithm(ObjectMetadata.AES_256_SERVER_SIDE_ENCRYPTION);
      case "SSE-KMS" ->
          request.setSSEAwsKeyManagementParams(
              settings.encryptionKey().isEmpty()
                  ? new SSEAwsKeyManagementParams()
                  : new SSEAwsKeyManagementParams(settings.encryptionKey()));
      default ->
          throw new UserError(
              ErrorCode.CONFIG_INVALID,
              "Cannot encrypt in the bucket %s: fs.s3a.encryption.algorithm is '%s'. Set AES256 or"
                  + " SSE-KMS in the environment's spark-defaults.conf, or leave it out.",
              name,
              settings.encryption());
    }
    return request;
  }

  private void pause(int attempt) throws IOException {
    try {
      Thread.sleep(
          new FullJitterBackoffStrategy(FIRST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS)
              .computeDelayBeforeNextRetry(
                  com.amazonaws.retry.v2.RetryPolicyContext.builder()
                      .retriesAttempted(attempt)
                      .build()));
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static IOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while a bucket was waited for");
  }

  /** What the person can mend is told in a line; anything else is the machine's. */
  private IOException failed(String verb, String key, Exception cause) {
    String why = cause.getMessage().lines().findFirst().orElse("");
    if (cause instanceof AmazonS3Exception e
        && Arrays.asList(301, 400, 401, 403, NOT_FOUND, 501).contains(e.getStatusCode())) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot %s s3://%s/%s: %s (%s, status %d). Check the bucket's name, its region, that the"
              + " credentials of the default chain may use it, and fs.s3a.encryption.algorithm.",
          verb,
          name,
          key,
          e.getErrorMessage() == null ? why : e.getErrorMessage(),
          e.getErrorCode(),
          e.getStatusCode());
    }
    if (why.contains("Unable to load AWS credentials")) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot %s s3://%s/%s: the default chain has no credentials. Set AWS_ACCESS_KEY_ID and"
              + " AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or give the machine a role.",
          verb,
          name,
          key);
    }
    return new IOException("s3://" + name + "/" + key + ": " + why, cause);
  }

  @Override
  public String toString() {
    return "s3://" + name;
  }
}
