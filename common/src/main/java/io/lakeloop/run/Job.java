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

  /** What a job does with rows of other runs, which says what it may be at work beside. */
  enum Access {
    /** Reads them: not while somebody deletes from the same tables. */
    READS,
    /** Reads them, and takes in what no other run has taken: one run at a time. */
    TAKES_IN,
    /** Deletes them: one run at a time, and not while somebody reads the same tables. */
    DELETES
  }

  /** True where the settings ask to be shown what a run would do: it is not noted anywhere. */
  default boolean isPreview(C config) {
    return false;
  }

  /** How a run of this job treats rows of others; {@link JobRunner} keeps them apart by it. */
  default Access access() {
    return Access.READS;
  }
}
