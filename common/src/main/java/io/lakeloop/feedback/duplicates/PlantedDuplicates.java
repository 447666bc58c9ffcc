package io.lakeloop.feedback.duplicates;

import static org.apache.spark.sql.functions.col;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.config.Digest;
import io.lakeloop.table.FeedbackTables;
import io.lakeloop.text.MinHash;
import io.lakeloop.text.NormalForm;
import io.lakeloop.text.Signs;
import io.lakeloop.text.Skeleton;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Texts of drawn words in which known duplicates are planted: one text in five repeats an earlier
 * one, word for word but for case and stops, or with one word in twenty-five exchanged, or with a
 * greeting in front.
 */
public final class PlantedDuplicates implements AutoCloseable {
  private static final int GROUP = 5;
  private static final int VOCABULARY = 20_000;
  private static final int FEWEST_WORDS = 30;
  private static final int MORE_WORDS = 60;
  private static final StructType SCHEMA =
      new StructType()
          .add("interaction_id", DataTypes.StringType)
          .add("created_at", DataTypes.TimestampType)
          .add("text", DataTypes.StringType)
          .add("planted_of", DataTypes.StringType);
  private static final StructType SKETCHED =
      new StructType()
          .add("interaction_id", DataTypes.StringType)
          .add("created_at", DataTypes.TimestampType)
          .add("content_hash", DataTypes.StringType)
          .add("signature", DataTypes.BinaryType);

  /** How many of the planted were found, and how many of the found were planted. */
  public record Result(double recall, double precision) {}

  private final Dataset<Row> texts;

  private PlantedDuplicates(Dataset<Row> texts) {
    this.texts = texts;
  }

  /** Makes the texts, and keeps them. */
  public static PlantedDuplicates make(SparkSession spark, int rows, long seed) {
    Dataset<Row> texts =
        spark
            .range(0, rows, 1, spark.sparkContext().defaultParallelism())
            .map((MapFunction<Long, Row>) i -> text(i, seed), Encoders.row(SCHEMA))
            .persist();
    texts.count();
    return new PlantedDuplicates(texts);
  }

  private static String id(long i) {
    return Digest.of("planted|" + i).substring(0, 32);
  }

  private static Row text(long i, long seed) {
    boolean repeats = i % GROUP == GROUP - 1;
    long source = repeats ? i - 1 - CounterRandom.below(GROUP - 1, seed, i, 1) : i;
    List<String> words = words(source, seed);
    String text = String.join(" ", words);
    if (repeats) {
      text =
          switch (CounterRandom.below(3, seed, i, 2)) {
            case 0 -> text.toUpperCase(java.util.Locale.ROOT) + "!";
            case 1 -> String.join(" ", exchanged(words, i, seed));
            default -> "hello there, " + text;
          };
    }
    return RowFactory.create(
        id(i), new Timestamp(1_700_000_000_000L + i * 1000), text, repeats ? id(source) : null);
  }

  private static List<String> words(long i, long seed) {
    int count = FEWEST_WORDS + CounterRandom.below(MORE_WORDS, seed, i, 3);
    List<String> words = new ArrayList<>(count);
    for (int w = 0; w < count; w++) {
      words.add(word(CounterRandom.bits(seed, i, 4, w)));
    }
    return words;
  }

  /** A word of the vocabulary: frequent ones are likelier, by the square of a uniform draw. */
  private static String word(long key) {
    double u = CounterRandom.uniform(key, 0);
    int rank = (int) (u * u * VOCABULARY);
    int letters = 2 + CounterRandom.below(9, 77, rank);
    StringBuilder word = new StringBuilder(letters);
    for (int l = 0; l < letters; l++) {
      word.append((char) ('a' + CounterRandom.below(26, 78, rank, l)));
    }
    return word.toString();
  }

  private static List<String> exchanged(List<String> words, long i, long seed) {
    List<String> changed = new ArrayList<>(words);
    for (int n = 0; n < Math.max(1, words.size() / 25); n++) {
      changed.set(
          CounterRandom.below(words.size(), seed, i, 5, n),
          word(CounterRandom.bits(seed, i, 6, n)));
    }
    return changed;
  }

  /** Sketches the texts and finds what repeats. */
  public Result find(Duplicates.Settings settings) {
    Dataset<Row> sketched =
        texts.mapPartitions(
            (org.apache.spark.api.java.function.MapPartitionsFunction<Row, Row>)
                rows -> {
                  MinHash minHash = new MinHash(settings.unit(), settings.ngram());
                  List<Row> out = new ArrayList<>();
                  rows.forEachRemaining(
                      row -> {
                        String text = row.getString(2);
                        out.add(
                            RowFactory.create(
                                row.getString(0),
                                row.getTimestamp(1),
                                NormalForm.hash(text),
                                minHash.signature(Skeleton.of(text), Signs.of(text))));
                      });
                  return out.iterator();
                },
            Encoders.row(SKETCHED));
    SparkSession spark = texts.sparkSession();
    Dataset<Row> marked =
        Duplicates.mark(
                sketched,
                spark.createDataFrame(List.of(), FeedbackTables.INTERACTIONS.schema()),
                settings)
            .where(col("duplicate_of").isNotNull())
            .select(col("interaction_id").as("found_id"), col("duplicate_of"))
            .persist();
    long found = marked.count();
    Dataset<Row> planted = texts.filter((FilterFunction<Row>) row -> !row.isNullAt(3));
    long right =
        planted
            .join(
                marked,
                planted
                    .col("interaction_id")
                    .equalTo(marked.col("found_id"))
                    .and(planted.col("planted_of").equalTo(marked.col("duplicate_of"))))
            .count();
    long all = planted.count();
    marked.unpersist();
    return new Result((double) right / all, found == 0 ? 0 : (double) right / found);
  }

  @Override
  public void close() {
    texts.unpersist();
  }
}
