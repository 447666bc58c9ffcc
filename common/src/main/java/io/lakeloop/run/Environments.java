package io.lakeloop.run;

import io.lakeloop.config.EnvironmentSettings;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.ArtifactStore;
import io.lakeloop.registry.LocalArtifactStore;
import io.lakeloop.registry.Registry;
import io.lakeloop.registry.S3ArtifactStore;
import io.lakeloop.s3.Bucket;
import io.lakeloop.s3.S3Settings;
import io.lakeloop.table.Lake;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** Opens environments by their names: each has a lake and a registry of its own. */
public final class Environments {
  private final SparkSession spark;
  private final Path conf;

  /**
   * @param conf folder that holds a folder of settings for each environment
   */
  public Environments(SparkSession spark, Path conf) {
    this.spark = spark;
    this.conf = conf;
  }

  /**
   * Where an environment's data is.
   *
   * @param artifacts models, checkpoints, aliases and leases
   */
  public record Environment(EnvironmentSettings settings, Lake lake, ArtifactStore artifacts) {
    /** Its registry, with what its lake says of versions now. */
    public Registry registry() {
      return new LakeRegistry(lake, artifacts).registry();
    }
  }

  public EnvironmentSettings settings(String name) {
    return EnvironmentSettings.load(conf, name);
  }

  /** Opens the environment on its own lake. */
  public Environment open(String name) {
    return open(name, settings(name).lake());
  }

  /** Opens the environment on another lake; its registry goes along where it lies in the lake. */
  public Environment open(String name, String lake) {
    EnvironmentSettings settings = settings(name);
    requirePlace(lake);
    String root =
        JobContext.isRemote(lake)
            ? lake.replaceFirst("/+$", "")
            : Path.of(lake).toAbsolutePath().normalize().toString();
    requireReachable(root);
    return new Environment(
        settings, new Lake(spark, root), artifacts(settings.registry().replace("{lake}", root)));
  }

  private ArtifactStore artifacts(String root) {
    if (!JobContext.isRemote(root)) {
      return new LocalArtifactStore(Path.of(root));
    }
    if (!isBucket(root)) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot keep models in %s: a registry is a folder or s3a://bucket/prefix. Set registry in"
              + " the environment's environment.yaml.",
          root);
    }
    return new S3ArtifactStore(s3(), bucket(root), prefix(root));
  }

  private static boolean isBucket(String root) {
    return root.matches("s3a?://[^/]+.*");
  }

  private S3Settings s3() {
    return S3Settings.of(spark.sparkContext().hadoopConfiguration());
  }

  /** Not by URI, which knows no host with an underscore and no path with a blank. */
  private static String bucket(String root) {
    return root.replaceFirst("^[^:]+://", "").replaceFirst("/.*", "");
  }

  private static String prefix(String root) {
    return root.replaceFirst("^[^:]+://[^/]*", "").replaceAll("^/+|/+$", "");
  }

  /** A scheme that is none would become a folder's name. */
  private static void requirePlace(String lake) {
    if (lake.isBlank() || !JobContext.isRemote(lake) && lake.matches("[A-Za-z][\\w+.-]*:/.*")) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot open the lake '%s': a lake is a folder or s3a://bucket/prefix. Name one with --lake.",
          lake);
    }
  }

  /**
   * Looks whether the lake's bucket is there and may be read, before Spark asks for it in its own
   * words.
   */
  private void requireReachable(String root) {
    if (isBucket(root)) {
      try {
        Bucket.open(s3(), bucket(root)).below(prefix(root) + "/");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
