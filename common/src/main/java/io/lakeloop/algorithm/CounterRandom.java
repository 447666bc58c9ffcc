package io.lakeloop.algorithm;

/**
 * Random numbers that are a function of a key and nothing else: no state, so the draw for (seed,
 * step, prompt, sample, position) is the same on any thread, executor or retry.
 *
 * <p>The mixer is the finaliser of SplitMix64 (Steele, Lea, Flood 2014, <a
 * href="https://doi.org/10.1145/2660193.2660195">Fast splittable pseudorandom number
 * generators</a>), chained over the parts of the key.
 */
public final class CounterRandom {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private CounterRandom() {}

  /** Returns 64 well-mixed bits for the key. */
  public static long bits(long seed, long... counters) {
    long state = mix(seed + GOLDEN_GAMMA);
    for (long counter : counters) {
      state = mix(state + GOLDEN_GAMMA * (counter + 1));
    }
    return state;
  }

  /** Returns a uniform number in [0, 1) with 53 bits. */
  public static double uniform(long seed, long... counters) {
    return (bits(seed, counters) >>> 11) * 0x1.0p-53;
  }

  /** Returns a whole number in [0, bound). */
  public static int below(int bound, long seed, long... counters) {
    return (int) (uniform(seed, counters) * bound);
  }

  /** Returns a standard normal number, by Box and Muller. */
  public static double gaussian(long seed, long... counters) {
    long base = bits(seed, counters);
    double radius = Math.sqrt(-2 * Math.log(1 - uniform(base, 0)));
    return radius * Math.cos(2 * Math.PI * uniform(base, 1));
  }

  /** Returns a permutation of 0..n-1, by Fisher and Yates. */
  public static int[] permutation(int n, long seed, long... counters) {
    long base = bits(seed, counters);
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    for (int i = n - 1; i > 0; i--) {
      int j = below(i + 1, base, i);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
