package io.lakeloop.run;

/**
 * One step of the loop. The runner owns what every job repeats: settings, run row, lineage, pins,
 * progress, errors, exit code.
 *
 * @param <C> the job's settings, a record
 */
@FunctionalInterface
public interface Job<C extends Record> {
  void run(C config, JobContext context) throws Exception;

  /**
   * True if what a run writes or deletes depends on what other such runs have written or deleted:
   * then only one of them may be at work at a time, whichever job it is of.
   */
  default boolean isAlone() {
    return false;
  }
}
