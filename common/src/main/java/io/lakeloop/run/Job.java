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
}
