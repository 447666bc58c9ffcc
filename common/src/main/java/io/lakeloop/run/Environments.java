package io.lakeloop.run;

import io.lakeloop.config.EnvironmentSettings;
import io.lakeloop.registry.ArtifactStore;
import io.lakeloop.registry.LocalArtifactStore;
import io.lakeloop.registry.Registry;
import io.lakeloop.registry.S3ArtifactStore;
import io.lakeloop.s3.S3Settings;
import io.lakeloop.table.Lake;
import java.net.URI;
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
    public Registry registry() {
      return new Registry(artifacts);
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
    String root =
        JobContext.isRemote(lake)
            ? lake.replaceFirst("/+$", "")
            : Path.of(lake).toAbsolutePath().normalize().toString();
    return new Environment(
        settings, new Lake(spark, root), artifacts(settings.registry().replace("{lake}", root)));
  }

  private ArtifactStore artifacts(String root) {
    if (!JobContext.isRemote(root)) {
      return new LocalArtifactStore(Path.of(root));
    }
    URI uri = URI.create(root);
    return new S3ArtifactStore(
        S3Settings.of(spark.sparkContext().hadoopConfiguration()),
        uri.getHost(),
        uri.getPath().replaceAll("^/+|/+$", ""));
  }
}
