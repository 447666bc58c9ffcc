package io.lakeloop.feedback.duplicates;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Records of a fixed number of longs, kept and moved as arrays: a record costs its bytes, where a
 * row of its own costs ten times as much.
 */
final class LongBlocks implements Serializable {
  private final int width;
  private final JavaRDD<long[]> blocks;

  /**
   * @param width longs of a record
   * @param blocks whole records, one after the other
   */
  LongBlocks(int width, JavaRDD<long[]> blocks) {
    this.width = width;
    this.blocks = blocks;
  }

  int width() {
    return width;
  }

  JavaRDD<long[]> blocks() {
    return blocks;
  }

  /** Takes records one by one. */
  static final class Builder {
    private long[] values = new long[1024];
    private int size;

    void add(long... record) {
      add(record, 0, record.length);
    }

    void add(long[] from, int start, int count) {
      if (size + count > values.length) {
        values = Arrays.copyOf(values, Math.max(2 * values.length, size + count));
      }
      System.arraycopy(from, start, values, size, count);
      size += count;
    }

    boolean isEmpty() {
      return size == 0;
    }

    long[] block() {
      return Arrays.copyOf(values, size);
    }
  }

  /** Brings records with the same key into the same partition, as one block each. */
  LongBlocks partitionBy(int keyColumn, int partitions) {
    int w = width;
    JavaRDD<long[]> moved =
        blocks
            .mapPartitionsToPair(in -> split(in, w, keyColumn, partitions))
            .partitionBy(new HashPartitioner(partitions))
            .mapPartitions(
                in -> {
                  Builder all = new Builder();
                  in.forEachRemaining(pair -> all.add(pair._2(), 0, pair._2().length));
                  return List.of(all.block()).iterator();
                });
    return new LongBlocks(width, moved);
  }

  private static Iterator<Tuple2<Integer, long[]>> split(
      Iterator<long[]> in, int width, int keyColumn, int partitions) {
    Builder[] targets = new Builder[partitions];
    while (in.hasNext()) {
      long[] block = in.next();
      for (int at = 0; at < block.length; at += width) {
        int target = Math.floorMod(mix(block[at + keyColumn]), partitions);
        if (targets[target] == null) {
          targets[target] = new Builder();
        }
        targets[target].add(block, at, width);
      }
    }
    List<Tuple2<Integer, long[]>> out = new ArrayList<>();
    for (int target = 0; target < partitions; target++) {
      if (targets[target] != null) {
        out.add(new Tuple2<>(target, targets[target].block()));
      }
    }
    return out.iterator();
  }

  static int mix(long key) {
    long mixed = key * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 33);
  }

  /** Keys that were seen: an open hash table. */
  static final class Keys {
    private long[] keys = new long[1 << 12];
    private int size;

    /** True the first time. */
    boolean add(long key) {
      long stored = key == 0 ? 1 : key;
      int place = place(stored);
      if (keys[place] == stored) {
        return false;
      }
      keys[place] = stored;
      if (++size > keys.length / 2) {
        long[] all = keys;
        keys = new long[2 * all.length];
        for (long each : all) {
          if (each != 0) {
            keys[place(each)] = each;
          }
        }
      }
      return true;
    }

    private int place(long key) {
      int place = mix(key) & (keys.length - 1);
      while (keys[place] != 0 && keys[place] != key) {
        place = (place + 1) & (keys.length - 1);
      }
      return place;
    }
  }

  /** Groups the places of a block's records by one column: an open hash table. */
  static final class Index {
    private final long[] block;
    private final int column;
    private final int[] heads;
    private final int[] next;
    private final int width;

    Index(long[] block, int width, int column) {
      this.block = block;
      this.width = width;
      this.column = column;
      int records = block.length / width;
      this.heads = new int[Integer.highestOneBit(Math.max(8, records)) * 4];
      this.next = new int[records];
      Arrays.fill(heads, -1);
      for (int record = 0; record < records; record++) {
        int place = place(block[record * width + column]);
        next[record] = heads[place];
        heads[place] = record;
      }
    }

    /** The slot of the key: of records that share one, all have this key. */
    private int place(long key) {
      int place = mix(key) & (heads.length - 1);
      while (heads[place] >= 0 && block[heads[place] * width + column] != key) {
        place = (place + 1) & (heads.length - 1);
      }
      return place;
    }

    /** First record with the key, or -1; others follow by {@link #next}. */
    int first(long key) {
      return heads[place(key)];
    }

    int next(int record) {
      return next[record];
    }

    /** Chains of two records or more, by their first record. */
    int[] shared() {
      return Arrays.stream(heads).filter(head -> head >= 0 && next[head] >= 0).toArray();
    }

    /** All chains. */
    int[] all() {
      return Arrays.stream(heads).filter(head -> head >= 0).toArray();
    }
  }
}
