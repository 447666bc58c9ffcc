package io.lakeloop.feedback;

/**
 * How much may be written of what came. Each answer has its own copy of the messages before it,
 * each label of its rater's comment: a small record can ask for a large table.
 */
public final class Growth {
  private static final long ALWAYS = 50_000_000;
  private static final long TIMES = 20;

  private Growth() {}

  /** Characters that may be written of so many. */
  public static long limit(long characters) {
    return Math.max(ALWAYS, TIMES * characters);
  }
}
