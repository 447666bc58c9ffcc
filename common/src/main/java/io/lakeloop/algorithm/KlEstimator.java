package io.lakeloop.algorithm;

/**
 * Estimators of KL(pi || ref) from one token drawn from pi (Schulman 2020, <a
 * href="http://joschu.net/blog/kl-approx.html">Approximating KL divergence</a>), with {@code d =
 * log ref - log pi}.
 */
public enum KlEstimator {
  /** {@code -d}: unbiased. */
  K1 {
    @Override
    public double of(double logProb, double refLogProb) {
      return logProb - refLogProb;
    }

    @Override
    public double slope(double logProb, double refLogProb) {
      return 1;
    }
  },
  /** {@code d^2 / 2}: biased, of low variance. */
  K2 {
    @Override
    public double of(double logProb, double refLogProb) {
      double d = refLogProb - logProb;
      return d * d / 2;
    }

    @Override
    public double slope(double logProb, double refLogProb) {
      return logProb - refLogProb;
    }
  },
  /** {@code exp(d) - 1 - d}: unbiased and never negative. */
  K3 {
    @Override
    public double of(double logProb, double refLogProb) {
      double d = refLogProb - logProb;
      return Math.expm1(d) - d;
    }

    @Override
    public double slope(double logProb, double refLogProb) {
      return -Math.expm1(refLogProb - logProb);
    }
  };

  /** KL of one token, in nats. */
  public abstract double of(double logProb, double refLogProb);

  /** Its derivative by log pi. */
  public abstract double slope(double logProb, double refLogProb);
}
