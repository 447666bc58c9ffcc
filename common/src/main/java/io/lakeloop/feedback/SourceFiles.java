package io.lakeloop.feedback;

import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import io.lakeloop.run.JobContext;
import io.lakeloop.s3.BucketFailure;
import io.lakeloop.table.StorageFailure;
import io.lakeloop.text.NameRedactor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Files that come from outside: a file, a folder with all below it, or a glob, on any Hadoop file
 * system, plain or compressed. What a run's first attempt found is what every attempt reads: a file
 * that has changed since is refused, unless the attempt ended because of what files held. Each file
 * is read by one task, front to back, so that line numbers are exact.
 */
public final class SourceFiles {
  private final SparkSession spark;
  private final List<SourceFile> files;
  private boolean isReadHereAndThere;

  private SourceFiles(SparkSession spark, List<SourceFile> files) {
    this.spark = spark;
    this.files = files;
  }

  /** Reads the records of one opened file. */
  @FunctionalInterface
  public interface Reader extends java.io.Serializable {
    /**
     * @param file what rows and messages call the file
     * @param name the part of its path that tells it from the other files read with it
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
   * Finds the files, pins what they hold for every attempt of the run, and notes in the lineage
   * that they were read.
   *
   * @throws UserError INPUT_MISSING if there are none, CONFIG_INVALID if they are not those that
   *     the run's first attempt read
   */
  public static SourceFiles find(JobContext context, String path) {
    SourceFiles found = found(context, context.path(path));
    Map<String, String> pins = new TreeMap<>();
    found.files.forEach(file -> pins.put(file.name(), file.bytes() + " " + file.digest()));
    context.pinFiles(pins);
    found.files.forEach(file -> context.readFile(file.name(), file.digest()));
    return found;
  }

  private static SourceFiles found(JobContext context, String path) {
    SparkSession spark = context.spark();
    try {
      SourceListing listing =
          SourceListing.of(new Path(path), spark.sparkContext().hadoopConfiguration());
      listing.leftOut().forEach((why, count) -> context.say("left out (%s): %,d", why, count));
      if (listing.files().isEmpty()) {
        throw missing(
            path,
            listing.leftOut().isEmpty()
                ? "there is no such file, folder or glob"
                : "all that is there is left out: "
                    + String.join("; ", listing.leftOut().keySet()));
      }
      return new SourceFiles(spark, pinned(spark, listing.files()));
    } catch (IOException
        | UncheckedIOException
        | DirectoryIteratorException
        | IllegalArgumentException e) {
      throw BucketFailure.of(e)
          .or(() -> StorageFailure.ofPlace(e))
          .map(error -> new UserError(error.code(), "%s", shown(error.getMessage())))
          .orElseGet(() -> missing(path, shown(notListed(e))));
    }
  }

  private static UserError missing(String path, String why) {
    return new UserError(
        ErrorCode.INPUT_MISSING, "Cannot read %s: %s. Give another path.", shown(path), why);
  }

  private static String notListed(Exception failure) {
    String why = RootCause.line(RootCause.of(failure));
    return why.contains("Relative path in absolute URI")
        ? "a file's name there has a colon, which no glob finds; its folder's path does"
        : why;
  }

  private static String shown(String path) {
    return new NameRedactor().redact(path);
  }

  /** Digests are computed where files are read: there may be many, and large ones. */
  private static List<SourceFile> pinned(SparkSession spark, List<Path> found) {
    List<String> paths = found.stream().map(Path::toString).toList();
    // One redactor for all: two names that differ go on differing.
    NameRedactor redactor = new NameRedactor();
    Set<String> names = new HashSet<>();
    List<SourceFile> files = new ArrayList<>();
    for (String path : paths) {
      String name = redactor.redact(path);
      while (!names.add(name)) {
        name += "'";
      }
      files.add(new SourceFile(path, name, 0, ""));
    }
    return asTheyAre(spark, files);
  }

  /** The files with the sizes and digests that they have now. */
  private static List<SourceFile> asTheyAre(SparkSession spark, List<SourceFile> files) {
    SerializableConfiguration hadoop =
        new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
    return JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(files, files.size())
        .map(file -> asItIs(file, hadoop.value()))
        .collect();
  }

  /** Of the bytes that are there now: a file may grow between listing and reading it. */
  private static SourceFile asItIs(SourceFile file, Configuration hadoop) {
    Path path = new Path(file.path());
    try (Counted in = new Counted(SourceFile.fileSystem(path, hadoop).open(path))) {
      String digest = Digest.of(in);
      return new SourceFile(file.path(), file.name(), in.count, digest);
    } catch (IOException e) {
      throw ReadFailure.notNow(file.name(), e);
    }
  }

  private static final class Counted extends java.io.FilterInputStream {
    private long count;

    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = in.read(buffer, offset, length);
      count += Math.max(0, read);
      return read;
    }
  }

  public List<SourceFile> files() {
    return files;
  }

  /**
   * All records of all files. What cannot be read of a file, to its end or at all, is a record that
   * is refused as {@link Refusal#CUT_OFF}, so that one run tells of all such files.
   *
   * @param schema with source_file, line, reason_code, reason and payload; one that has no place
   *     for refusals has the job fail instead
   */
  public Dataset<Row> read(StructType schema, Reader reader) {
    int shared = sharedFolder().length();
    SerializableConfiguration hadoop =
        new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
    return spark.createDataset(
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(files, files.size())
            .flatMap(file -> new Records(file, shared, schema, reader, hadoop))
            .rdd(),
        Encoders.row(schema));
  }

  /** The records of one file, as far as it can be read. */
  private static final class Records extends Lookahead<Row> {
    private final SourceFile file;
    private final List<String> fields;
    private final InputStream in;
    private Iterator<Row> records;
    private long line;

    Records(
        SourceFile file,
        int shared,
        StructType schema,
        Reader reader,
        SerializableConfiguration hadoop)
        throws IOException {
      this.file = file;
      this.fields = List.of(schema.fieldNames());
      InputStream opened = InputStream.nullInputStream();
      try {
        opened = file.open(hadoop.value());
        this.records = reader.records(file.name(), file.path().substring(shared), opened);
      } catch (UserError e) {
        SourceFile.close(opened);
        this.records = List.of(cutOff(e)).iterator();
      }
      this.in = opened;
    }

    @Override
    Row read() {
      try {
        if (!records.hasNext()) {
          return null;
        }
        Row record = records.next();
        line = fields.contains("line") ? record.getLong(fields.indexOf("line")) : line;
        return record;
      } catch (UserError e) {
        SourceFile.close(in);
        records = Collections.emptyIterator();
        return cutOff(e);
      }
    }

    private Row cutOff(UserError error) {
      if (error.code() != ErrorCode.INPUT_UNREADABLE || !fields.contains("reason_code")) {
        throw error;
      }
      Object[] cells = new Object[fields.size()];
      cells[fields.indexOf("source_file")] = file.name();
      cells[fields.indexOf("line")] = line + 1;
      cells[fields.indexOf("reason_code")] = Refusal.CUT_OFF;
      cells[fields.indexOf("reason")] = new NameRedactor().redact(error.getMessage());
      cells[fields.indexOf("payload")] = "";
      return RowFactory.create(cells);
    }
  }

  /** Those of the files that have one of the names, plain or compressed. */
  public SourceFiles only(String... names) {
    return new SourceFiles(
        spark,
        files.stream()
            .filter(
                file ->
                    Arrays.stream(names)
                        .anyMatch(
                            name -> file.path().matches(".*/\\Q" + name + "\\E(\\.[a-z0-9]+)?")))
            .toList());
  }

  /** Whether all names end so, compressed or not. */
  public boolean areAll(String ending) {
    return files.stream()
        .allMatch(file -> file.path().matches(".*\\." + ending + "(\\.(gz|bz2|zst))?"));
  }

  /** The files, which are Parquet, as one table. */
  public ParquetFiles parquet() {
    isReadHereAndThere = true;
    try {
      return new ParquetFiles(spark, files);
    } catch (UserError e) {
      // What changed while it was read may look damaged.
      requireUnchanged();
      throw e;
    }
  }

  /**
   * Looks again at files that were not read front to back, by which a change is seen at once.
   *
   * @throws UserError INPUT_CHANGED if one is not what it was when the run found it
   */
  void requireUnchanged() {
    if (!isReadHereAndThere) {
      return;
    }
    Set<SourceFile> now = new HashSet<>(asTheyAre(spark, files));
    for (SourceFile file : files) {
      if (!now.contains(file)) {
        throw file.changed();
      }
    }
  }

  /** The folder that all files lie in, with its final slash. */
  private String sharedFolder() {
    String first = files.get(0).path();
    String shared = first.substring(0, first.lastIndexOf('/') + 1);
    for (SourceFile file : files) {
      while (!file.path().startsWith(shared)) {
        shared = shared.substring(0, shared.lastIndexOf('/', shared.length() - 2) + 1);
      }
    }
    return shared;
  }
}
