package io.lakeloop.table;

import io.delta.storage.HadoopFileSystemLogStore;
import io.lakeloop.s3.Bucket;
import io.lakeloop.s3.S3Settings;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Delta's commits in a bucket, each written under the condition that its version is not there yet.
 * Delta's own store for S3 leaves that to one driver's memory, so that two drivers overwrite each
 * other; with conditional writes the bucket decides, and no second service has to. Set by
 * spark.delta.logStore.s3a.impl.
 */
public final class ConditionalS3LogStore extends HadoopFileSystemLogStore {

  public ConditionalS3LogStore(Configuration hadoop) {
    super(hadoop);
  }

  /**
   * @throws FileAlreadyExistsException if another writer committed this version; Delta then looks
   *     whether the two conflict, and tries the next one
   */
  @Override
  public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration hadoop)
      throws IOException {
    Bucket bucket = Bucket.open(S3Settings.of(hadoop), path.toUri().getHost());
    String key = path.toUri().getPath().substring(1);
    StringBuilder content = new StringBuilder();
    actions.forEachRemaining(action -> content.append(action).append('\n'));
    if (overwrite) {
      bucket.write(key, content.toString());
    } else if (!bucket.create(key, content.toString())) {
      throw new FileAlreadyExistsException(path.toString());
    }
  }

  /** An object appears whole or not at all. */
  @Override
  public Boolean isPartialWriteVisible(Path path, Configuration hadoop) {
    return false;
  }
}
