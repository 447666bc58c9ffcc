package io.lakeloop.session;

/**
 * Linear warm-up over the first steps, then a schedule.
 *
 * @param peak highest learning rate
 * @param warmupSteps steps until the peak
 * @param totalSteps steps until the schedule's end
 */
public record LearningRate(Schedule schedule, double peak, int warmupSteps, int totalSteps) {

  /** What becomes of the rate over the training. */
  public enum Schedule {
    /** Stays at the peak. */
    CONSTANT,
    /** Falls to 0 in a line. */
    LINEAR,
    /** Falls to 0 as half a cosine (Loshchilov and Hutter 2016, 1608.03983, without restarts). */
    COSINE
  }

  /** Rate of a step, counted from 0. */
  public double at(int step) {
    double warmup = warmupSteps == 0 ? 1 : Math.min(1, (step + 1.0) / warmupSteps);
    double done = Math.min(1, (double) step / totalSteps);
    double share =
        switch (schedule) {
          case CONSTANT -> 1;
          case LINEAR -> 1 - done;
          case COSINE -> (1 + Math.cos(Math.PI * done)) / 2;
        };
    return peak * warmup * share;
  }
}
