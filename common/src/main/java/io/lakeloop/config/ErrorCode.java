package io.lakeloop.config;

/** What went wrong, as the run ledger records it and schedulers branch on it. */
public enum ErrorCode {
  /** A setting, argument or run id is unknown, missing or out of range. */
  CONFIG_INVALID,
  /** A file, folder, table, snapshot or model that was named does not exist. */
  INPUT_MISSING,
  /** A file that was named cannot be read to its end, or is not in the form asked for. */
  INPUT_UNREADABLE,
  /** A file is not what it was a moment ago: somebody writes to it. */
  INPUT_CHANGED,
  /** An input exists but holds no row that this job can use. */
  DATA_EMPTY,
  /** More input was refused than max-quarantined-share allows. */
  TOO_MANY_QUARANTINED,
  /** A loss, gradient or ratio is not finite. */
  TRAINING_DIVERGED,
  /** Raters agree less than a gate asks for. */
  AGREEMENT_TOO_LOW,
  /** A snapshot may not be used for what the job is for. */
  USE_NOT_INTENDED,
  /** A promotion gate was not met. */
  GATE_FAILED,
  /** A file of the lake or the registry is damaged or gone, or is not what its manifest names. */
  ARTIFACT_CORRUPT,
  /** Another driver is at work on this run. */
  RUN_IN_PROGRESS,
  /** A bucket, a cluster or a disk did not answer, or not now, however often it was asked. */
  UNAVAILABLE,
  /** Anything else: a defect of ours, or of the machine. */
  INTERNAL;

  /**
   * Exit code of the process: 2 where the user can mend it, 75 (sysexits' EX_TEMPFAIL) where trying
   * again later may do, 1 for a defect.
   */
  public int exitCode() {
    return switch (this) {
      case INTERNAL -> 1;
      case INPUT_CHANGED, RUN_IN_PROGRESS, UNAVAILABLE -> 75;
      default -> 2;
    };
  }
}
