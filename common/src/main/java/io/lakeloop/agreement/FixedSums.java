package io.lakeloop.agreement;

import java.io.Serializable;

/**
 * Sums of many numbers as whole multiples of 2^-30: adding them is exact, so that their order,
 * which Spark doesn't promise, cannot change a bit of the result. Holds up to 2^33 (8.6e9) in each
 * cell.
 */
public final class FixedSums implements Serializable {
  private static final double SCALE = 1L << 30;

  private final long[] cells;

  public FixedSums(int size) {
    cells = new long[size];
  }

  public void add(int cell, double value) {
    cells[cell] += Math.round(value * SCALE);
  }

  public FixedSums merge(FixedSums other) {
    for (int i = 0; i < cells.length; i++) {
      cells[i] += other.cells[i];
    }
    return this;
  }

  public double get(int cell) {
    return cells[cell] / SCALE;
  }
}
