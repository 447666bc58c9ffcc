package io.lakeloop.run;

/** Measures how long work takes. Nothing but what is told to a person may depend on it. */
public final class Stopwatch {
  private Stopwatch() {}

  /** Runs the work; returns the seconds that it took. */
  public static double seconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }
}
