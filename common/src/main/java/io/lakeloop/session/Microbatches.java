package io.lakeloop.session;

import io.lakeloop.algorithm.TokenBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Cuts batches into runs of rows, and builds batches from token sequences. */
public final class Microbatches {
  private Microbatches() {}

  static List<TokenBatch> of(TokenBatch batch, int rows) {
    List<TokenBatch> parts = new ArrayList<>();
    for (int from = 0; from < batch.size(); from += rows) {
      parts.add(slice(batch, from, Math.min(batch.size(), from + rows)));
    }
    return parts;
  }

  /** Rows from..to, cut to the longest of them; evaluation and update so share their shapes. */
  static TokenBatch slice(TokenBatch batch, int from, int to) {
    int[] lengths = Arrays.copyOfRange(batch.lengths(), from, to);
    int width = Arrays.stream(lengths).max().orElseThrow();
    Map<String, float[][]> inputs = new LinkedHashMap<>();
    batch
        .inputs()
        .forEach(
            (name, rows) ->
                inputs.put(
                    name,
                    Arrays.stream(rows, from, to)
                        .map(row -> Arrays.copyOf(row, width))
                        .toArray(float[][]::new)));
    return new TokenBatch(
        cut(batch.tokens(), from, to, width),
        cut(batch.targets(), from, to, width),
        lengths,
        inputs);
  }

  private static int[][] cut(int[][] rows, int from, int to, int width) {
    return Arrays.stream(rows, from, to)
        .map(row -> Arrays.copyOf(row, width))
        .toArray(int[][]::new);
  }

  /**
   * Pads sequences to a batch: row b reads the sequence and is asked for its next token at each
   * position, padding behind the last one.
   */
  public static TokenBatch pad(List<int[]> sequences, Map<String, float[][]> inputs) {
    int width = sequences.stream().mapToInt(s -> s.length).max().orElseThrow();
    int[][] tokens = new int[sequences.size()][width];
    int[][] targets = new int[sequences.size()][width];
    int[] lengths = new int[sequences.size()];
    for (int b = 0; b < lengths.length; b++) {
      int[] sequence = sequences.get(b);
      lengths[b] = sequence.length;
      System.arraycopy(sequence, 0, tokens[b], 0, sequence.length);
      System.arraycopy(sequence, 1, targets[b], 0, sequence.length - 1);
    }
    return new TokenBatch(tokens, targets, lengths, inputs);
  }
}
