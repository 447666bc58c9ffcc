package io.lakeloop.text;

import io.lakeloop.algorithm.CounterRandom;

/**
 * Signatures by which near duplicates are found: the least hash of a text's n-grams under 112 hash
 * functions (Broder 1997), of which the lowest byte is kept (Li and König 2010, <a
 * href="https://arxiv.org/abs/0910.3349">0910.3349</a>). Eight bytes are a band: texts that share
 * one are candidates, which for 14 bands of 8 rows is as likely as not at a Jaccard similarity of
 * {@code (1/14)^(1/8) = 0.72}.
 */
public final class MinHash {
  /** Bands of a signature. */
  public static final int BANDS = 14;

  /** Rows of a band: the bytes of one long. */
  public static final int ROWS = 8;

  private static final int SIZE = BANDS * ROWS;
  private static final int[] FACTORS = new int[SIZE];
  private static final int[] SUMMANDS = new int[SIZE];

  static {
    for (int i = 0; i < SIZE; i++) {
      FACTORS[i] = (int) CounterRandom.bits(112, i) | 1;
      SUMMANDS[i] = (int) CounterRandom.bits(112, i, 1);
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
    java.util.Arrays.fill(least, Integer.MAX_VALUE);
    if (unit == Unit.CHARACTERS) {
      characters(skeleton);
    } else {
      words(skeleton);
    }
    byte[] signature = new byte[SIZE];
    for (int i = 0; i < SIZE; i++) {
      // The lowest bits of a product see the lowest bits of its factors alone: take higher ones.
      signature[i] = (byte) (least[i] >>> 7);
    }
    return signature;
  }

  private void characters(String text) {
    int last = Math.max(1, text.length() - n + 1);
    for (int start = 0; start < last; start++) {
      long hash = n;
      for (int i = start; i < Math.min(text.length(), start + n); i++) {
        hash = (hash ^ text.charAt(i)) * 0x9E3779B97F4A7C15L;
      }
      add(hash);
    }
  }

  private void words(String text) {
    String[] words = text.split(" ");
    int last = Math.max(1, words.length - n + 1);
    for (int start = 0; start < last; start++) {
      long hash = n;
      for (int i = start; i < Math.min(words.length, start + n); i++) {
        hash = (hash ^ words[i].hashCode()) * 0x9E3779B97F4A7C15L;
      }
      add(hash);
    }
  }

  /** Plain arrays and no branch: the compiler makes vector instructions of this loop. */
  private void add(long gram) {
    long mixed = (gram ^ (gram >>> 32)) * 0xD6E8FEB86659FD93L;
    int x = (int) (mixed >>> 32);
    int[] minimum = least;
    for (int i = 0; i < SIZE; i++) {
      minimum[i] = Math.min(minimum[i], FACTORS[i] * x + SUMMANDS[i]);
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
