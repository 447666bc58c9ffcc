package io.lakeloop.feedback.duplicates;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.Problems;
import io.lakeloop.text.MinHash;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Marks interactions that say what an earlier one said, exactly or nearly. */
public final class Duplicates {
  /** Larger sets of duplicates are joined by a shuffle, smaller ones where the rows lie. */
  private static final long MOST_BROADCAST = 1_000_000;

  private Duplicates() {}

  /**
   * How near duplicates are found.
   *
   * @param near false for exact ones only
   * @param unit what n-grams are made of
   * @param ngram their length
   * @param threshold least estimated Jaccard similarity of n-grams
   */
  public record Settings(boolean near, MinHash.Unit unit, int ngram, double threshold)
      implements Serializable {
    public Settings {
      Problems.in("duplicates")
          .require(ngram >= 1 && ngram <= 50, "duplicates.ngram must lie in 1..50, got %d", ngram)
          .require(
              threshold > 0 && threshold <= 1,
              "duplicates.threshold must lie in (0, 1], got %s",
              threshold)
          .throwIfAny();
    }

    /** Similarity above which two texts are near duplicates; out of reach where none are wanted. */
    double least() {
      return near ? threshold : 2;
    }
  }

  /**
   * Fills duplicate_of and duplicate_kind: the first of a group, by time and then by id, keeps
   * null. An interaction that is in the lake already comes before all new ones.
   *
   * @param interactions with interaction_id, created_at, content_hash, signature
   * @param known the same columns of interactions of other runs
   */
  public static Dataset<Row> mark(
      Dataset<Row> interactions, Dataset<Row> known, Settings settings) {
    int partitions = interactions.sparkSession().sparkContext().defaultParallelism();
    JavaRDD<long[]> sketches = sketches(interactions, 0).union(sketches(known, Long.MIN_VALUE / 2));
    Dataset<Row> found =
        new NearDuplicates(settings.least(), partitions)
            .find(interactions.sparkSession(), sketches)
            .select(
                col("interaction_id").as("repeating_id"),
                col("duplicate_of"),
                when(col("exact"), lit("exact")).otherwise(lit("near")).as("duplicate_kind"))
            .persist();
    Dataset<Row> rows = interactions.drop("duplicate_of", "duplicate_kind");
    Dataset<Row> small = found.count() <= MOST_BROADCAST ? broadcast(found) : found;
    return rows.join(small, rows.col("interaction_id").equalTo(small.col("repeating_id")), "left")
        .drop("repeating_id");
  }

  /** Sketches of the rows; known ones are moved to an earlier age. */
  private static JavaRDD<long[]> sketches(Dataset<Row> rows, long shift) {
    return rows.selectExpr("unix_micros(created_at)", "interaction_id", "content_hash", "signature")
        .toJavaRDD()
        .mapPartitions(in -> blocks(in, shift));
  }

  private static Iterator<long[]> blocks(Iterator<Row> in, long shift) {
    LongBlocks.Builder block = new LongBlocks.Builder();
    long[] sketch = new long[NearDuplicates.SKETCH];
    while (in.hasNext()) {
      Row row = in.next();
      String id = row.getString(1);
      sketch[0] = row.getLong(0) + shift;
      sketch[1] = Long.parseUnsignedLong(id, 0, 16, 16);
      sketch[2] = Long.parseUnsignedLong(id, 16, 32, 16);
      sketch[3] = Long.parseUnsignedLong(row.getString(2), 0, 16, 16);
      // Rows of an older layout have no signature: only the same content finds them.
      byte[] signature = row.isNullAt(3) ? null : (byte[]) row.get(3);
      for (int band = 0; band < MinHash.BANDS; band++) {
        sketch[4 + band] =
            signature == null ? sketch[1] * (band + 1) : MinHash.band(signature, band);
      }
      block.add(sketch, 0, sketch.length);
    }
    return List.of(block.block()).iterator();
  }
}
