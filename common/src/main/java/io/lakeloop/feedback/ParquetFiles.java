package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.udf;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import io.lakeloop.text.NameRedactor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkException;
import org.apache.spark.SparkThrowable;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.rdd.InputFileBlockHolder;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.util.HadoopFSUtils;

/**
 * Parquet files from outside as one table. Whatever Spark or Parquet's library throws while it
 * reads them is told as damage of a file, or as a kind of column that is not read.
 */
public final class ParquetFiles {
  private final List<SourceFile> files;

  /** What messages call a file, by its path and by its path as a URI, which is what Spark tells. */
  private final Map<String, String> names = new HashMap<>();

  private final Dataset<Row> merged;

  /**
   * @throws UserError INPUT_UNREADABLE if what they hold is no Parquet, or no one table: files with
   *     columns of one name and different types
   */
  public ParquetFiles(SparkSession spark, List<SourceFile> files) {
    this.files = files;
    for (SourceFile file : files) {
      names.put(file.path(), file.name());
      names.put(new Path(file.path()).toUri().toString(), file.name());
    }
    requireNamesThatAreRead();
    this.merged = merged(spark);
    for (String column : columns()) {
      if (column.equalsIgnoreCase("_metadata")) {
        throw unreadable(
            some(), "a column is called %s, as one of Spark's own".formatted(column), "Rename it.");
      }
    }
  }

  /** All columns that a file has. */
  public List<String> columns() {
    return List.of(merged.columns());
  }

  /**
   * Rows of the file's name, the line from 1, and the columns as text, by their places: a file may
   * have columns of any names.
   *
   * @param columns of {@link #columns()}
   */
  public Dataset<Row> texts(Collection<String> columns) {
    return placed(columns.stream().map(column -> column(column).cast("string")).toList());
  }

  /**
   * Rows of the file's name, the line from 1, and the row as a JSON object, without what is null.
   *
   * @param fields of the object, one for each of {@link #columns()}
   */
  public Dataset<Row> records(List<String> fields) {
    List<String> columns = columns();
    return placed(
        List.of(
            to_json(
                struct(
                    IntStream.range(0, columns.size())
                        .mapToObj(i -> column(columns.get(i)).as(fields.get(i)))
                        .toArray(Column[]::new)))));
  }

  private Column column(String name) {
    return merged.col("`" + name.replace("`", "``") + "`");
  }

  /** The cells, by their places, behind the file's name and the line. */
  private Dataset<Row> placed(List<Column> wanted) {
    Map<String, String> known = names;
    String some = some();
    List<Column> cells = new ArrayList<>();
    cells.add(
        udf((UDF1<String, String>) known::get, DataTypes.StringType)
            .apply(col("_metadata.file_path")));
    cells.add(col("_metadata.row_index").plus(1));
    cells.addAll(wanted);
    Dataset<Row> rows =
        merged.select(
            IntStream.range(0, cells.size())
                .mapToObj(place -> cells.get(place).as(String.valueOf(place)))
                .toArray(Column[]::new));
    return rows.mapPartitions(
        (MapPartitionsFunction<Row, Row>) part -> new Readable(part, known, some),
        Encoders.row(rows.schema()));
  }

  private Dataset<Row> merged(SparkSession spark) {
    try {
      return spark
          .read()
          .option("mergeSchema", "true")
          // Days before 1582 as they are written; what is out of bounds is refused by its job.
          .option("datetimeRebaseMode", "CORRECTED")
          .option("int96RebaseMode", "CORRECTED")
          // Writers may leave a checksum with each page, which Spark would pass over.
          .option("parquet.page.verify-checksum.enabled", "true")
          .parquet(files.stream().map(file -> literally(file.path())).toArray(String[]::new));
    } catch (Exception e) {
      if (cannotMerge(e)) {
        throw unreadable(
            some(),
            "they have columns of the same name and different types",
            "Read them one by one, under run ids of their own.");
      }
      if (spark.sparkContext().isStopped() || RootCause.of(e) instanceof SparkException) {
        throw e;
      }
      throw unreadable(some(), e);
    }
  }

  /** Spark passes over names that it takes for those of other jobs' files. */
  private void requireNamesThatAreRead() {
    for (SourceFile file : files) {
      if (HadoopFSUtils.shouldFilterOutPathName(new Path(file.path()).getName())) {
        throw unreadable(
            file.name(), "Spark passes over a file of that name", "Give it one of plain letters.");
      }
    }
  }

  /** A path that Spark takes for a glob, as a glob that means this path alone. */
  private static String literally(String path) {
    return path.replaceAll("[\\\\\\[\\]{}*?^]", "\\\\$0");
  }

  private String some() {
    String first = files.get(0).name();
    return files.size() == 1 ? first : "%s and %d more".formatted(first, files.size() - 1);
  }

  /** Told by the driver or, where files are many, by the task that came upon it. */
  private static boolean cannotMerge(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SparkThrowable known
          && String.valueOf(known.getErrorClass()).startsWith("CANNOT_MERGE")) {
        return true;
      }
    }
    return false;
  }

  private static UserError unreadable(String file, Throwable failure) {
    return ReadFailure.notOfFile(file, failure)
        .orElseGet(() -> unreadable(file, why(file, failure), advice(failure)));
  }

  private static String why(String file, Throwable failure) {
    String line = RootCause.line(RootCause.of(failure));
    // Behind it come the header's fields, the least and the greatest value among them.
    return new NameRedactor().redact(line.replaceAll(" Struct:.*", "")).replace(file, "it");
  }

  private static String advice(Throwable failure) {
    return RootCause.of(failure) instanceof OutOfMemoryError
        ? "Write it anew with smaller row groups, or give executors more with --spark"
            + " spark.executor.memory=8g; if it is small, it is damaged: fetch it again."
        : "Fetch it again, or write it anew with columns of plain types and different names.";
  }

  private static UserError unreadable(String file, String why, String advice) {
    return new UserError(
        ErrorCode.INPUT_UNREADABLE, "Cannot read the Parquet of %s: %s. %s", file, why, advice);
  }

  /** Rows whose reading ends in a line, whatever the file holds. */
  private static final class Readable extends Lookahead<Row> {
    private final Iterator<Row> rows;
    private final Map<String, String> names;
    private final String some;

    Readable(Iterator<Row> rows, Map<String, String> names, String some) {
      this.rows = rows;
      this.names = names;
      this.some = some;
    }

    @Override
    Row read() {
      try {
        return rows.hasNext() ? rows.next() : null;
      } catch (Exception | OutOfMemoryError e) {
        // A damaged file may ask for any amount of memory, which was not given.
        if (TaskContext.get().isInterrupted()) {
          throw e;
        }
        String file = InputFileBlockHolder.getInputFilePath().toString();
        throw unreadable(names.getOrDefault(file, some), e);
      }
    }
  }
}
