package io.lakeloop.session;

import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.TokenRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where the sequences of a batch lie in the rows that a model reads: each in a row of its own, or
 * packed into as few rows of the longest one's width as first-fit finds. Losses see sequences only,
 * so that packing changes nothing for them.
 */
final class Layout {
  private final TokenBatch batch;
  private final int[] row;
  private final int[] start;
  private final int rows;

  private Layout(TokenBatch batch, int[] row, int[] start, int rows) {
    this.batch = batch;
    this.row = row;
    this.start = start;
    this.rows = rows;
  }

  static Layout of(TokenBatch batch, boolean packing) {
    return packing
        ? packed(batch)
        : new Layout(
            batch, IntStream.range(0, batch.size()).toArray(), new int[batch.size()], batch.size());
  }

  /** Longest sequences first, each into the first row with room. */
  private static Layout packed(TokenBatch batch) {
    int[] lengths = batch.lengths();
    int width = width(batch);
    List<Integer> filled = new ArrayList<>();
    int[] row = new int[batch.size()];
    int[] start = new int[batch.size()];
    List<Integer> order =
        IntStream.range(0, batch.size())
            .boxed()
            .sorted(Comparator.comparingInt((Integer b) -> -lengths[b]))
            .toList();
    for (int b : order) {
      int r = 0;
      while (r < filled.size() && filled.get(r) + lengths[b] > width) {
        r++;
      }
      if (r == filled.size()) {
        filled.add(0);
      }
      row[b] = r;
      start[b] = filled.get(r);
      filled.set(r, start[b] + lengths[b]);
    }
    return new Layout(batch, row, start, filled.size());
  }

  private static int width(TokenBatch batch) {
    return Arrays.stream(batch.lengths()).max().orElseThrow();
  }

  /** The rows to be read; where none holds more than one sequence they need no segments. */
  TokenRows rows() {
    int width = width(batch);
    int[][] tokens = new int[rows][width];
    int[][] segments = new int[rows][width];
    for (int b = 0; b < batch.size(); b++) {
      System.arraycopy(batch.tokens()[b], 0, tokens[row[b]], start[b], batch.lengths()[b]);
      Arrays.fill(segments[row[b]], start[b], start[b] + batch.lengths()[b], b + 1);
    }
    return new TokenRows(tokens, rows < batch.size() ? segments : null);
  }

  /** Says of a position whether its outputs are wanted. */
  @FunctionalInterface
  interface Wanted {
    boolean at(int b, int t);
  }

  /** The wanted positions of the batch, in its order. */
  Positions positions(Wanted wanted) {
    int width = width(batch);
    List<int[]> places = new ArrayList<>();
    for (int b = 0; b < batch.size(); b++) {
      for (int t = 0; t < batch.lengths()[b]; t++) {
        if (wanted.at(b, t)) {
          places.add(new int[] {b, t});
        }
      }
    }
    long[] index =
        places.stream().mapToLong(p -> (long) row[p[0]] * width + start[p[0]] + p[1]).toArray();
    long[] targets = places.stream().mapToLong(p -> batch.targets()[p[0]][p[1]]).toArray();
    return new Positions(places, index, targets);
  }

  /**
   * Positions whose outputs are computed.
   *
   * @param places sequence and position of each
   * @param index of each in the model's flattened rows
   * @param targets ids to be predicted there
   */
  record Positions(List<int[]> places, long[] index, long[] targets) {
    int size() {
      return index.length;
    }

    /** Spreads values over (sequences, width); 0 where nothing was computed. */
    float[][] spread(float[] values, int sequences, int width) {
      float[][] spread = new float[sequences][width];
      for (int i = 0; i < values.length; i++) {
        spread[places.get(i)[0]][places.get(i)[1]] = values[i];
      }
      return spread;
    }

    float[] gathered(float[][] spread) {
      float[] values = new float[size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = spread[places.get(i)[0]][places.get(i)[1]];
      }
      return values;
    }
  }
}
