package io.lakeloop.feedback.duplicates;

import static io.lakeloop.feedback.duplicates.Clusters.Node;
import static org.apache.spark.sql.types.DataTypes.BooleanType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import io.lakeloop.text.MinHash;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Finds texts that say the same, exactly or nearly, and the first of each group. Only sketches
 * travel between tasks, 18 longs a text: time, id, content hash and the bands of its {@link
 * MinHash} signature.
 *
 * <ol>
 *   <li>Texts of the same content hash are tied to the first of them, which alone goes on.
 *   <li>Texts that share a band are candidates: each with the first of its bucket and with the one
 *       before it, so that a bucket costs as much as it has members.
 *   <li>Candidates whose signatures agree enough are tied.
 *   <li>What is tied, directly or through others, is one group; all name its first.
 * </ol>
 *
 * Nothing is collected, and the work grows with the texts.
 */
final class NearDuplicates {
  /** Time, id (two longs), content hash, bands. */
  static final int SKETCH = Node.WIDTH + MinHash.BANDS;

  private static final int CONTENT = 3;
  private static final int ENTRY = Node.WIDTH + 1;
  private static final int PAIR = 2 * Node.WIDTH;
  private static final StructType SCHEMA =
      new StructType()
          .add("interaction_id", StringType)
          .add("duplicate_of", StringType)
          .add("exact", BooleanType);

  private static final HexFormat HEX = HexFormat.of();

  private final double threshold;
  private final int partitions;

  /**
   * @param threshold least estimated Jaccard similarity; above 1 only exact duplicates are found
   */
  NearDuplicates(double threshold, int partitions) {
    this.threshold = threshold;
    this.partitions = partitions;
  }

  /**
   * Columns interaction_id, duplicate_of, exact, for every text but the first of its group.
   *
   * @param sketches blocks of {@link #SKETCH} longs; known texts have earlier times than new ones
   */
  Dataset<Row> find(SparkSession spark, JavaRDD<long[]> sketches) {
    JavaRDD<long[]> byContent =
        new LongBlocks(SKETCH, sketches)
            .partitionBy(CONTENT, partitions)
            .blocks()
            .persist(StorageLevel.MEMORY_AND_DISK());
    JavaRDD<long[]> edges = byContent.map(NearDuplicates::sameContent);
    if (threshold <= 1) {
      JavaRDD<long[]> firsts = byContent.map(NearDuplicates::firsts);
      edges = edges.union(similar(firsts));
    }
    JavaRDD<long[]> groups = Clusters.of(new LongBlocks(PAIR, edges), partitions).blocks();
    byContent.unpersist();
    return spark.createDataset(groups.flatMap(NearDuplicates::rows).rdd(), Encoders.row(SCHEMA));
  }

  /** Edges from every text to the first of the same content. */
  private static long[] sameContent(long[] block) {
    LongBlocks.Index contents = new LongBlocks.Index(block, SKETCH, CONTENT);
    LongBlocks.Builder edges = new LongBlocks.Builder();
    for (int head : contents.shared()) {
      int first = first(block, contents, head);
      for (int record = head; record >= 0; record = contents.next(record)) {
        if (record != first) {
          edges.add(block, record * SKETCH, Node.WIDTH);
          edges.add(block, first * SKETCH, Node.WIDTH);
        }
      }
    }
    return edges.block();
  }

  private static int first(long[] block, LongBlocks.Index contents, int head) {
    int first = head;
    for (int record = head; record >= 0; record = contents.next(record)) {
      if (Node.compare(block, record * SKETCH, block, first * SKETCH) < 0) {
        first = record;
      }
    }
    return first;
  }

  /** Sketches of the first text of each content. */
  private static long[] firsts(long[] block) {
    LongBlocks.Index contents = new LongBlocks.Index(block, SKETCH, CONTENT);
    LongBlocks.Builder firsts = new LongBlocks.Builder();
    for (int head : contents.all()) {
      firsts.add(block, first(block, contents, head) * SKETCH, SKETCH);
    }
    return firsts.block();
  }

  private JavaRDD<long[]> similar(JavaRDD<long[]> firsts) {
    JavaRDD<long[]> byId =
        new LongBlocks(SKETCH, firsts)
            .partitionBy(Node.ID, partitions)
            .blocks()
            .persist(StorageLevel.MEMORY_AND_DISK());
    JavaRDD<long[]> candidates =
        new LongBlocks(ENTRY, byId.map(NearDuplicates::entries))
            .partitionBy(Node.WIDTH, partitions)
            .blocks()
            .map(NearDuplicates::candidates);
    double least = threshold;
    // Where a pair's first text is, its bands join it; where its second is, they are compared.
    JavaRDD<long[]> withBands =
        byId.zipPartitions(
            new LongBlocks(PAIR, candidates).partitionBy(Node.ID, partitions).blocks(),
            (texts, pairs) -> one(joined(texts.next(), pairs.next())));
    return byId.zipPartitions(
        new LongBlocks(PAIR + MinHash.BANDS, withBands)
            .partitionBy(Node.WIDTH + Node.ID, partitions)
            .blocks(),
        (texts, pairs) -> one(verified(texts.next(), pairs.next(), least)));
  }

  private static Iterator<long[]> one(long[] block) {
    return List.of(block).iterator();
  }

  /** Each text once for each band: node and band key; the band's number is part of the key. */
  private static long[] entries(long[] block) {
    LongBlocks.Builder entries = new LongBlocks.Builder();
    for (int at = 0; at < block.length; at += SKETCH) {
      for (int band = 0; band < MinHash.BANDS; band++) {
        entries.add(block, at, Node.WIDTH);
        entries.add(block[at + Node.WIDTH + band] * 31 + band);
      }
    }
    return entries.block();
  }

  /** In each bucket, every text with the first one and with the one before it. */
  private static long[] candidates(long[] block) {
    LongBlocks.Index buckets = new LongBlocks.Index(block, ENTRY, Node.WIDTH);
    LongBlocks.Builder pairs = new LongBlocks.Builder();
    LongBlocks.Keys told = new LongBlocks.Keys();
    List<Integer> members = new ArrayList<>();
    for (int head : buckets.shared()) {
      members.clear();
      for (int record = head; record >= 0; record = buckets.next(record)) {
        members.add(record * ENTRY);
      }
      members.sort((a, b) -> Node.compare(block, a, block, b));
      for (int i = 1; i < members.size(); i++) {
        pair(block, members.get(i), members.get(0), told, pairs);
        if (i > 1) {
          pair(block, members.get(i), members.get(i - 1), told, pairs);
        }
      }
    }
    return pairs.block();
  }

  private static void pair(
      long[] block, int a, int b, LongBlocks.Keys told, LongBlocks.Builder pairs) {
    // Ids are hashes, and so is this: two pairs of the same key would be a freak.
    if (told.add(block[a + Node.ID] * 31 + block[b + Node.ID])) {
      pairs.add(block, a, Node.WIDTH);
      pairs.add(block, b, Node.WIDTH);
    }
  }

  private static long[] joined(long[] texts, long[] pairs) {
    LongBlocks.Index ids = new LongBlocks.Index(texts, SKETCH, Node.ID);
    LongBlocks.Builder out = new LongBlocks.Builder();
    for (int at = 0; at < pairs.length; at += PAIR) {
      int text = ids.first(pairs[at + Node.ID]) * SKETCH;
      out.add(pairs, at, PAIR);
      out.add(texts, text + Node.WIDTH, MinHash.BANDS);
    }
    return out.block();
  }

  private static long[] verified(long[] texts, long[] pairs, double threshold) {
    LongBlocks.Index ids = new LongBlocks.Index(texts, SKETCH, Node.ID);
    LongBlocks.Builder edges = new LongBlocks.Builder();
    int width = PAIR + MinHash.BANDS;
    for (int at = 0; at < pairs.length; at += width) {
      int text = ids.first(pairs[at + Node.WIDTH + Node.ID]) * SKETCH;
      if (MinHash.similarity(pairs, at + PAIR, texts, text + Node.WIDTH) >= threshold) {
        edges.add(pairs, at, PAIR);
      }
    }
    return edges.block();
  }

  private static Iterator<Row> rows(long[] groups) {
    List<Row> rows = new ArrayList<>(groups.length / PAIR);
    for (int at = 0; at < groups.length; at += PAIR) {
      int first = at + Node.WIDTH;
      rows.add(
          RowFactory.create(
              id(groups, at), id(groups, first), groups[at + CONTENT] == groups[first + CONTENT]));
    }
    return rows.iterator();
  }

  /** The id of 32 hexadecimal digits, from its two longs. */
  private static String id(long[] node, int at) {
    return HEX.toHexDigits(node[at + Node.ID]) + HEX.toHexDigits(node[at + Node.ID + 1]);
  }
}
