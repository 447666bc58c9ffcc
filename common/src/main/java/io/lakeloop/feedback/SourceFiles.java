package io.lakeloop.feedback;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.run.JobContext;
import io.lakeloop.s3.BucketFailure;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Files that come from outside: a file, a folder or a glob, on any Hadoop file system, plain or
 * compressed. Each file is read by one task, front to back, so that line numbers are exact.
 */
public final class SourceFiles {
  private final SparkSession spark;
  private final List<String> files;

  private SourceFiles(SparkSession spark, List<String> files) {
    this.spark = spark;
    this.files = files;
  }

  /** Reads the records of one opened file. */
  @FunctionalInterface
  public interface Reader extends java.io.Serializable {
    /**
     * @param file full name of the file
     * @param name the part of it that tells it from the other files read with it
     */
    Iterator<Row> records(String file, String name, InputStream in) throws IOException;
  }

  /** What every job that reads files asks of its settings. */
  public static Problems checked(Problems problems, String path, double maxQuarantinedShare) {
    return problems
        .require(!path.isBlank(), "path is empty: name a file, folder or glob with --set path=...")
        .require(
            maxQuarantinedShare >= 0 && maxQuarantinedShare <= 1,
            "max-quarantined-share must lie in 0..1, got %s",
            maxQuarantinedShare);
  }

  /**
   * Finds the files and notes in the lineage that they were read.
   *
   * @throws UserError INPUT_MISSING if there are none
   */
  public static SourceFiles find(JobContext context, String path) {
    SourceFiles found = find(context.spark(), context.path(path));
    found.files.forEach(file -> context.readFile(file, null));
    return found;
  }

  /**
   * Finds the files.
   *
   * @throws UserError INPUT_MISSING if there are none
   */
  public static SourceFiles find(SparkSession spark, String path) {
    try {
      Configuration hadoop = spark.sparkContext().hadoopConfiguration();
      Path pattern = new Path(path);
      FileSystem fileSystem = pattern.getFileSystem(hadoop);
      List<String> found = new ArrayList<>();
      FileStatus[] matches = fileSystem.globStatus(pattern);
      for (FileStatus match : matches == null ? new FileStatus[0] : matches) {
        FileStatus[] below =
            match.isDirectory() ? fileSystem.listStatus(match.getPath()) : new FileStatus[] {match};
        for (FileStatus file : below) {
          String name = file.getPath().getName();
          if (file.isFile() && !name.startsWith(".") && !name.startsWith("_")) {
            found.add(file.getPath().toString());
          }
        }
      }
      if (found.isEmpty()) {
        throw new UserError(
            ErrorCode.INPUT_MISSING,
            "Cannot read %s: there is no such file, folder or glob. Give another path.",
            path);
      }
      return new SourceFiles(spark, found.stream().sorted().toList());
    } catch (IOException | IllegalArgumentException e) {
      throw BucketFailure.of(e)
          .orElseGet(
              () ->
                  new UserError(
                      ErrorCode.INPUT_MISSING,
                      "Cannot read %s: %s. Give another path.",
                      path,
                      e.getMessage()));
    }
  }

  public List<String> files() {
    return files;
  }

  /** All records of all files. */
  public Dataset<Row> read(StructType schema, Reader reader) {
    int shared = sharedFolder(files).length();
    SerializableConfiguration hadoop =
        new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
    return spark.createDataset(
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(files, files.size())
            .flatMap(
                file -> reader.records(file, file.substring(shared), open(file, hadoop.value())))
            .rdd(),
        Encoders.row(schema));
  }

  /** The folder that all files lie in, with its final slash. */
  private static String sharedFolder(List<String> files) {
    String shared = files.get(0).substring(0, files.get(0).lastIndexOf('/') + 1);
    for (String file : files) {
      while (!file.startsWith(shared)) {
        shared = shared.substring(0, shared.lastIndexOf('/', shared.length() - 2) + 1);
      }
    }
    return shared;
  }

  private static InputStream open(String file, Configuration hadoop) throws IOException {
    Path path = new Path(file);
    InputStream raw = path.getFileSystem(hadoop).open(path);
    CompressionCodec codec = new CompressionCodecFactory(hadoop).getCodec(path);
    return new BufferedInputStream(codec == null ? raw : codec.createInputStream(raw), 1 << 16);
  }
}
