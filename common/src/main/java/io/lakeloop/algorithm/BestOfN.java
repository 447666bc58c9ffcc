package io.lakeloop.algorithm;

/**
 * How far taking the best of n samples strays from the policy that drew them: {@code KL <= log n -
 * (n - 1) / n} (Stiennon et al. 2020, <a href="https://arxiv.org/abs/2009.01325">2009.01325</a>,
 * appendix G.3).
 */
public final class BestOfN {
  private BestOfN() {}

  /** The bound, in nats. */
  public static double klBound(int n) {
    return Math.log(n) - (n - 1.0) / n;
  }
}
