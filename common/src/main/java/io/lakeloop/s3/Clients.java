package io.lakeloop.s3;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.retry.PredefinedRetryPolicies;
import com.amazonaws.retry.RetryPolicy;
import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.amazonaws.services.s3.transfer.TransferManager;
import com.amazonaws.services.s3.transfer.TransferManagerBuilder;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Makes the library's clients as the settings ask. */
final class Clients {
  private static final String REGION_OF_NONE = "us-east-1";
  private static final long PART_BYTES = 16L << 20;
  private static final int UPLOADERS = 8;

  private Clients() {}

  static AmazonS3 client(S3Settings settings) {
    AmazonS3ClientBuilder builder =
        AmazonS3ClientBuilder.standard()
            .withPathStyleAccessEnabled(settings.pathStyle())
            .withClientConfiguration(
                new ClientConfiguration()
                    .withSocketTimeout(settings.timeoutMillis())
                    .withRetryPolicy(
                        new RetryPolicy(
                            PredefinedRetryPolicies.DEFAULT_RETRY_CONDITION,
                            Attempts.pauses(),
                            settings.attempts() - 1,
                            false)));
    if (!settings.endpoint().isEmpty()) {
      // A service of one's own signs by a region, too, whichever it is.
      String region = settings.region().isEmpty() ? REGION_OF_NONE : settings.region();
      builder.withEndpointConfiguration(new EndpointConfiguration(settings.endpoint(), region));
    } else if (!settings.region().isEmpty()) {
      builder.withRegion(settings.region());
    }
    return builder.build();
  }

  static TransferManager transfers(AmazonS3 client) {
    return TransferManagerBuilder.standard()
        .withS3Client(client)
        .withExecutorFactory(Clients::uploaders)
        .withMinimumUploadPartSize(PART_BYTES)
        .withMultipartUploadThreshold(PART_BYTES)
        .build();
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
}
