package io.lakeloop.feedback.pairs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.regexp_replace;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.SourceFiles;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Reads UKPConvArg1 (Habernal and Gurevych 2016, <a href="https://aclanthology.org/P16-1150/">which
 * argument is more convincing</a>): a folder with {@code arguments.csv} and {@code pairs.csv},
 * plain or .gz. The topic is the prompt; pairs without a gold label are left out.
 */
public final class ConvincingArguments {
  private ConvincingArguments() {}

  /** Columns of preferences that the files give, and those of Quarantine. */
  public static Dataset<Row> read(SparkSession spark, SourceFiles files) {
    return pairs(spark, files)
        .where("gold_label IN ('a1', 'a2')")
        .select(
            col("prompt"),
            when(col("gold_label").equalTo("a1"), col("text1")).otherwise(col("text2")),
            when(col("gold_label").equalTo("a1"), col("text2")).otherwise(col("text1")),
            col("pair_id"))
        .map(
            (MapFunction<Row, Row>)
                row ->
                    Pair.of(row.getString(0), row.getString(1), row.getString(2))
                        .row("pairs.csv", 1, row.getString(3)),
            Encoders.row(Pair.SCHEMA));
  }

  /**
   * All pairs that were voted on, with a gold label or not: pair_id, prompt, text1, text2,
   * gold_label (a1, a2 or null).
   */
  public static Dataset<Row> pairs(SparkSession spark, SourceFiles files) {
    Dataset<Row> arguments = csv(spark, files, "arguments.csv");
    Dataset<Row> first =
        arguments.select(
            col("arg_id").as("arg1_id"), col("stance").as("stance"), col("text").as("text1"));
    Dataset<Row> second = arguments.select(col("arg_id").as("arg2_id"), col("text").as("text2"));
    return csv(spark, files, "pairs.csv")
        .join(first, "arg1_id")
        .join(second, "arg2_id")
        .select(
            col("pair_id"),
            concat(
                    regexp_replace(regexp_replace(col("topic"), "_.*", ""), "-", " "),
                    lit("? "),
                    col("stance"))
                .as("prompt"),
            col("text1"),
            col("text2"),
            col("gold_label"));
  }

  private static Dataset<Row> csv(SparkSession spark, SourceFiles files, String name) {
    String file =
        files.files().stream()
            .filter(path -> path.endsWith("/" + name) || path.endsWith("/" + name + ".gz"))
            .findFirst()
            .orElseThrow(
                () ->
                    new UserError(
                        ErrorCode.INPUT_MISSING,
                        "Cannot read the arguments: %s is not among %s. Name the folder that holds"
                            + " it.",
                        name,
                        files.files()));
    return spark
        .read()
        .option("header", true)
        .option("multiLine", true)
        .option("escape", "\"")
        .csv(file);
  }
}
