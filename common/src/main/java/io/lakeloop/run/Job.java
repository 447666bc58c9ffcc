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

  /** What may not be at work beside a run, lest rows come twice or deleted ones come back. */
  enum Exclusion {
    /** Runs that delete what this one reads. */
    DELETION,
    /** Those, and runs that take in what this one would take, too. */
    INTAKE,
    /** All of those, and runs that read what this one deletes. */
    READERS
  }

  default Exclusion exclusion() {
    return Exclusion.DELETION;
  }
}
