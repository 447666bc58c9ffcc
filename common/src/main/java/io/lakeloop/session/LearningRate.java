package io.lakeloop.session;

/**
 * Linear warm-up over the first steps, then linear annealing to 0 at the end.
 *
 * @param peak highest learning rate
 * @param warmupSteps steps until the peak
 * @param totalSteps steps until 0
 */
public record LearningRate(double peak, int warmupSteps, int totalSteps) {

  /** Rate of a step, counted from 0. */
  public double at(int step) {
    double warmup = warmupSteps == 0 ? 1 : Math.min(1, (step + 1.0) / warmupSteps);
    return peak * warmup * Math.max(0, 1 - (double) step / totalSteps);
  }
}
