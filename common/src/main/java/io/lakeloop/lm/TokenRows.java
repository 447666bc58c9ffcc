package io.lakeloop.lm;

/**
 * Token ids as a model reads them, row by row, padded on the right.
 *
 * @param tokens ids (B, T)
 * @param segments number of the sequence that each position belongs to (B, T), or null where each
 *     row is one sequence; a sequence sees nothing of the others in its row
 */
public record TokenRows(int[][] tokens, int[][] segments) {

  public static TokenRows padded(int[][] tokens) {
    return new TokenRows(tokens, null);
  }

  int rows() {
    return tokens.length;
  }

  int width() {
    return tokens[0].length;
  }

  long[] ids() {
    return flat(tokens);
  }

  /** Position of each token within its sequence (B T). */
  long[] positions() {
    long[] positions = new long[rows() * width()];
    for (int b = 0; b < rows(); b++) {
      for (int t = 0; t < width(); t++) {
        boolean follows = t > 0 && (segments == null || segments[b][t] == segments[b][t - 1]);
        positions[b * width() + t] = follows ? positions[b * width() + t - 1] + 1 : 0;
      }
    }
    return positions;
  }

  static long[] flat(int[][] rows) {
    int width = rows[0].length;
    long[] flat = new long[rows.length * width];
    for (int b = 0; b < rows.length; b++) {
      for (int t = 0; t < width; t++) {
        flat[b * width + t] = rows[b][t];
      }
    }
    return flat;
  }
}
