package io.lakeloop.text;

import io.lakeloop.algorithm.CounterRandom;

/**
 * Signatures by which near duplicates are found: the least hashes of a text's n-grams (Broder 1997)
 * in 112 bins of one permutation, where an empty bin takes the value of one that is not, in an
 * order that all texts share (Shrivastava 2017, <a
 * href="https://arxiv.org/abs/1703.04664">1703.04664</a>). The lowest byte of each is kept (Li and
 * König 2010, <a href="https://arxiv.org/abs/0910.3349">0910.3349</a>). Eight bytes are a band:
 * texts that share one are candidates, which for 14 bands of 8 rows is as likely as not at a
 * Jaccard similarity of about {@code (1/14)^(1/8) = 0.72}.
 */
public final class MinHash {
  /** Bands of a signature. */
  public static final int BANDS = 14;

  /** Rows of a band: the bytes of one long. */
  public static final int ROWS = 8;

  private static final int SIZE = BANDS * ROWS;
  private static final int EMPTY = Integer.MAX_VALUE;
  private static final int ATTEMPTS = 64;
  private static final long FACTOR = 0x9E3779B97F4A7C15L;

  /** For each bin the bins that it asks for a value where it has none, in their order. */
  private static final int[][] LENDERS = new int[SIZE][ATTEMPTS];

  static {
    for (int bin = 0; bin < SIZE; bin++) {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        LENDERS[bin][attempt] = CounterRandom.below(SIZE, SIZE, bin, attempt);
      }
    }
  }

  /** What n-grams are made of. */
  public enum Unit {
    /** Characters of the skeleton: an altered word costs a few n-grams. */
    CHARACTERS,
    /** Words of the skeleton: texts of fewer words than n have one n-gram. */
    WORDS
  }

  private final Unit unit;
  private final int n;
  private final int[] least = new int[SIZE];
  private long salt;

  /**
   * Not thread-safe: one per task.
   *
   * @param n length of the n-grams, in units
   */
  public MinHash(Unit unit, int n) {
    this.unit = unit;
    this.n = n;
  }

  /** The signature of a {@link Skeleton}: 112 bytes. */
  public byte[] signature(String skeleton) {
    return signature(skeleton, 0);
  }

  /**
   * The signature of a text whose n-grams are those of others only where the signs are theirs, too.
   *
   * @param signs {@link Signs} of the text
   */
  public byte[] signature(String skeleton, long signs) {
    salt = signs;
    java.util.Arrays.fill(least, EMPTY);
    if (unit == Unit.CHARACTERS) {
      characters(skeleton);
    } else {
      words(skeleton);
    }
    byte[] signature = new byte[SIZE];
    for (int bin = 0; bin < SIZE; bin++) {
      signature[bin] = (byte) (least[bin] == EMPTY ? lent(bin) : least[bin]);
    }
    return signature;
  }

  /** The value of the first bin in the bin's order that has one; then of any that has one. */
  private int lent(int bin) {
    for (int lender : LENDERS[bin]) {
      if (least[lender] != EMPTY) {
        return least[lender];
      }
    }
    for (int value : least) {
      if (value != EMPTY) {
        return value;
      }
    }
    return EMPTY;
  }

  /** By a rolling hash: what leaves is taken out, what comes is added. */
  private void characters(String text) {
    int length = Math.min(n, text.length());
    long leaving = 1;
    long hash = n;
    for (int i = 0; i < length; i++) {
      hash = hash * FACTOR + text.charAt(i);
      leaving *= FACTOR;
    }
    add(hash);
    long start = n * leaving;
    for (int i = length; i < text.length(); i++) {
      // The seed n has moved up by one place, too, and is brought back.
      hash = hash * FACTOR + text.charAt(i) - text.charAt(i - length) * leaving;
      hash += start - start * FACTOR;
      add(hash);
    }
  }

  private void words(String text) {
    String[] words = text.split(" ");
    int last = Math.max(1, words.length - n + 1);
    for (int start = 0; start < last; start++) {
      long hash = n;
      for (int i = start; i < Math.min(words.length, start + n); i++) {
        hash = (hash ^ words[i].hashCode()) * FACTOR;
      }
      add(hash);
    }
  }

  private void add(long plain) {
    long gram = plain ^ salt;
    long mixed = (gram ^ (gram >>> 32)) * 0xD6E8FEB86659FD93L;
    mixed = (mixed ^ (mixed >>> 32)) * 0xD6E8FEB86659FD93L;
    int bin = (int) ((mixed >>> 32) * SIZE >>> 32);
    int value = (int) mixed ^ (int) (mixed >>> 24);
    if (value < least[bin]) {
      least[bin] = value;
    }
  }

  /** The band's key. */
  public static long band(byte[] signature, int band) {
    long key = 0;
    for (int i = band * ROWS; i < (band + 1) * ROWS; i++) {
      key = (key << 8) | (signature[i] & 0xFF);
    }
    return key;
  }

  /**
   * Estimates the Jaccard similarity of the n-grams, with a standard error of {@code sqrt(J (1 - J)
   * / 112)}: the share of equal bytes, less those that are equal by chance.
   *
   * @param a holds the bands of one text, from {@code at}
   * @param b holds those of the other, from {@code bt}
   */
  public static double similarity(long[] a, int at, long[] b, int bt) {
    int equal = 0;
    for (int band = 0; band < BANDS; band++) {
      long difference = a[at + band] ^ b[bt + band];
      for (int row = 0; row < ROWS; row++) {
        equal += (difference >>> 8 * row & 0xFF) == 0 ? 1 : 0;
      }
    }
    double share = (double) equal / SIZE;
    return Math.max(0, (share - 1 / 256.0) / (1 - 1 / 256.0));
  }
}
