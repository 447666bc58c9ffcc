package io.lakeloop.s3;

import com.amazonaws.AmazonClientException;
import com.amazonaws.SdkClientException;
import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.model.AbortMultipartUploadRequest;
import com.amazonaws.services.s3.model.AmazonS3Exception;
import com.amazonaws.services.s3.model.DeleteObjectRequest;
import com.amazonaws.services.s3.model.ListMultipartUploadsRequest;
import com.amazonaws.services.s3.model.ListObjectsV2Request;
import com.amazonaws.services.s3.model.ListObjectsV2Result;
import com.amazonaws.services.s3.model.MultipartUpload;
import com.amazonaws.services.s3.model.ObjectMetadata;
import com.amazonaws.services.s3.model.PutObjectRequest;
import com.amazonaws.services.s3.model.S3Object;
import com.amazonaws.services.s3.model.S3ObjectSummary;
import com.amazonaws.services.s3.transfer.TransferManager;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One bucket. Requests are tried again, what is read is checked against its SHA-256, and an object
 * that must not be overwritten is written under the condition that it is not there, which the
 * service decides. What fails for good is an IOException; {@link BucketFailure} tells it to a
 * person.
 */
public final class Bucket {
  private static final String SHA256 = "sha256";
  private static final int LOOKS = 4;
  private static final int PRECONDITION_FAILED = 412;
  private static final int CONFLICT = 409;
  private static final int NOT_FOUND = 404;
  private static final int NOT_IMPLEMENTED = 501;
  private static final Map<List<Object>, Bucket> OPEN = new ConcurrentHashMap<>();

  private final String name;
  private final S3Settings settings;
  private final Attempts attempts;
  private final AmazonS3 client;
  private final TransferManager transfers;

  private Bucket(S3Settings settings, String name) {
    this.settings = settings;
    this.name = name;
    this.attempts = new Attempts(settings.attempts());
    this.client = Clients.client(settings);
    this.transfers = Clients.transfers(client);
  }

  /** The bucket; a process opens it once. */
  public static Bucket open(S3Settings settings, String name) {
    return OPEN.computeIfAbsent(List.of(settings, name), key -> new Bucket(settings, name));
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
    return asked(
        "write",
        key,
        () -> {
          ObjectMetadata metadata = new ObjectMetadata();
          metadata.setContentLength(bytes.length);
          metadata.setContentType("application/json");
          PutObjectRequest request =
              new PutObjectRequest(name, key, new ByteArrayInputStream(bytes), metadata);
          if (condition != null) {
            request.putCustomRequestHeader(condition, value);
          }
          try {
            client.putObject(settings.encrypted(request));
            return true;
          } catch (AmazonS3Exception e) {
            if (condition == null || !refused(e)) {
              throw e;
            }
            // An answer that got lost on the way is asked for again, and then our own object
            // refuses us.
            if (read(key).filter(stored -> stored.content().equals(content)).isPresent()) {
              return true;
            }
            if (e.getStatusCode() == CONFLICT) {
              throw new IOException("another conditional write is under way there");
            }
            return false;
          }
        });
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
    return asked(
        "read",
        key,
        () -> {
          try (S3Object object = client.getObject(name, key)) {
            return Optional.of(
                new Stored(
                    new String(object.getObjectContent().readAllBytes(), StandardCharsets.UTF_8),
                    object.getObjectMetadata().getETag()));
          } catch (AmazonS3Exception e) {
            if (isMissing(e)) {
              return Optional.empty();
            }
            throw e;
          }
        });
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
          .upload(
              settings.encrypted(
                  new PutObjectRequest(name, key, file.toFile()).withMetadata(metadata)))
          .waitForUploadResult();
    } catch (AmazonClientException e) {
      throw failed("upload", key, e);
    } catch (InterruptedException e) {
      throw Attempts.interrupted();
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
   * @throws UserError ARTIFACT_CORRUPT if the object is gone, or its bytes are not what was
   *     published
   */
  public void download(String key, Path file, String sha256) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".part");
    // What was damaged on the way comes whole the next time; what is damaged there does not.
    for (int look = 0; look < LOOKS; look++) {
      asked(
          "read",
          key,
          () -> {
            try (S3Object object = client.getObject(name, key);
                InputStream in = object.getObjectContent()) {
              return Files.copy(in, fresh, StandardCopyOption.REPLACE_EXISTING);
            } catch (AmazonS3Exception e) {
              if (isMissing(e)) {
                throw unusable(key, "it is not there any more");
              }
              throw e;
            }
          });
      if (Digest.of(fresh).equals(sha256)) {
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        return;
      }
    }
    throw unusable(key, "its bytes have not the SHA-256 " + sha256 + " that was published");
  }

  private UserError unusable(String key, String why) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot load s3://%s/%s: %s. Restore the object, or publish the artifact again.",
        name,
        key,
        why);
  }

  /** Names directly below the prefix, sorted: up to the next slash. */
  public List<String> below(String prefix) throws IOException {
    return asked("list", prefix, () -> listed(prefix));
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
    asked(
        "delete",
        key,
        () -> {
          client.deleteObject(name, key);
          return null;
        });
  }

  /**
   * Deletes the object if its tag is still the one that was read, as far as the service looks at
   * that.
   *
   * @return false if somebody else changed it, or the service does not delete under a condition
   */
  public boolean delete(String key, String tag) throws IOException {
    return asked(
        "delete",
        key,
        () -> {
          DeleteObjectRequest request = new DeleteObjectRequest(name, key);
          request.putCustomRequestHeader("If-Match", "\"" + tag + "\"");
          try {
            client.deleteObject(request);
            return true;
          } catch (AmazonS3Exception e) {
            if (refused(e) || e.getStatusCode() == NOT_IMPLEMENTED) {
              return false;
            }
            throw e;
          }
        });
  }

  /** Deletes every object below the prefix, and parts of uploads that were never finished. */
  public void deleteBelow(String prefix) throws IOException {
    abortUploads(prefix);
    asked(
        "delete",
        prefix,
        () -> {
          ListObjectsV2Result page;
          do {
            page = client.listObjectsV2(name, prefix);
            for (S3ObjectSummary object : page.getObjectSummaries()) {
              client.deleteObject(name, object.getKey());
            }
          } while (page.isTruncated());
          return null;
        });
  }

  /** Lets go of the parts that a killed upload left below the prefix. */
  public void abortUploads(String prefix) throws IOException {
    asked(
        "tidy up",
        prefix,
        () -> {
          for (MultipartUpload upload :
              client
                  .listMultipartUploads(new ListMultipartUploadsRequest(name).withPrefix(prefix))
                  .getMultipartUploads()) {
            client.abortMultipartUpload(
                new AbortMultipartUploadRequest(name, upload.getKey(), upload.getUploadId()));
          }
          return null;
        });
  }

  private <T> T asked(String verb, String key, Attempts.Request<T> request) throws IOException {
    try {
      return attempts.answer(request);
    } catch (SdkClientException e) {
      throw failed(verb, key, e);
    }
  }

  private IOException failed(String verb, String key, AmazonClientException cause) {
    return new IOException(
        "Cannot %s s3://%s/%s: %s".formatted(verb, name, key, cause.getMessage()), cause);
  }

  @Override
  public String toString() {
    return "s3://" + name;
  }
}
