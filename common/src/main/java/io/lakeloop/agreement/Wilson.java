package io.lakeloop.agreement;

/**
 * Wilson's score interval of a share, 95 % (Wilson 1927, <a
 * href="https://doi.org/10.1080/01621459.1927.10502953">10.1080/01621459.1927.10502953</a>).
 */
public record Wilson(double low, double high) {
  private static final double Z = 1.959963984540054;

  /**
   * @param share successes divided by n
   * @param n trials
   */
  public static Wilson of(double share, double n) {
    double shrink = 1 + Z * Z / n;
    double centre = (share + Z * Z / (2 * n)) / shrink;
    double half = Z * Math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / shrink;
    return new Wilson(Math.max(0, centre - half), Math.min(1, centre + half));
  }
}
