package io.lakeloop.feedback;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.run.Failure;
import io.lakeloop.run.InputFile;
import io.lakeloop.run.JobContext;
import io.lakeloop.table.Table;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a job takes in from files. Each record found is written to a table, refused into quarantine,
 * or superseded by one that says the same; the run's row in {@code runs} says how many of each, by
 * file.
 */
public final class Intake {
  private final JobContext context;
  private final Table table;
  private final SourceFiles files;
  private final Map<String, Quarantine.Counts> byFile;
  private final Quarantine.Split split;

  private Intake(
      JobContext context,
      Table table,
      SourceFiles files,
      Map<String, Quarantine.Counts> byFile,
      double maxQuarantinedShare,
      Dataset<Row> records) {
    this.context = context;
    this.table = table;
    this.files = files;
    this.byFile = byFile;
    try {
      this.split = Quarantine.split(context, table, records, byFile, maxQuarantinedShare);
    } catch (UserError e) {
      account(false);
      throw e;
    }
  }

  /**
   * Counts the records and writes the refused ones.
   *
   * @param records columns of {@link Quarantine}, one row for each record found; is read more than
   *     once: persist it where reading is dear
   * @throws UserError as {@link Quarantine#split}; the account then tells what was found
   */
  public static Intake of(
      JobContext context,
      Table table,
      SourceFiles files,
      Dataset<Row> records,
      double maxQuarantinedShare) {
    Map<String, Quarantine.Counts> counts;
    try {
      counts = Quarantine.counts(records);
    } catch (Exception e) {
      if (Failure.userError(e).filter(Intake::isOfFile).isPresent()) {
        // What changed while it was read may look damaged.
        files.requireUnchanged();
      }
      throw e;
    }
    files.requireUnchanged();
    return new Intake(context, table, files, counts, maxQuarantinedShare, records);
  }

  private static boolean isOfFile(UserError error) {
    return error.code() == ErrorCode.INPUT_UNREADABLE;
  }

  /** Records that were neither refused nor superseded. */
  public Dataset<Row> accepted() {
    return split.accepted();
  }

  /**
   * Requires that something was accepted, for a table that cannot be written without a row.
   *
   * @throws UserError DATA_EMPTY if no record was accepted; the account then tells what was found
   */
  public Intake requireAccepted() {
    Quarantine.Counts all =
        byFile.values().stream().reduce(Quarantine.Counts.NONE, Quarantine.Counts::plus);
    if (all.accepted() == 0) {
      account(false);
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot write %s: all %d records were refused. Look at SELECT reason_code, reason FROM"
              + " quarantine WHERE run_id = '%s', then mend the input.",
          table.name(),
          all.found(),
          context.runId());
    }
    return this;
  }

  /** Writes what became of the accepted records, one row for each, as this run's slice. */
  public void write(Dataset<Row> rows) {
    close(context.tables().replace(table, rows));
  }

  /**
   * Closes the account.
   *
   * @param written rows that were made of the accepted records, one of each
   * @throws IllegalStateException if a record was lost on the way
   */
  public void close(long written) {
    split.requireWritten(written);
    long ofFiles = account(true);
    if (ofFiles != written) {
      throw new IllegalStateException(
          "%s: %d records are of files that were named, and %d rows were written"
              .formatted(table.name(), ofFiles, written));
    }
  }

  /** Notes what became of each file's records; returns how many were accepted. */
  private long account(boolean written) {
    long accepted = 0;
    for (SourceFile file : files.files()) {
      Quarantine.Counts counts = byFile.getOrDefault(file.name(), Quarantine.Counts.NONE);
      accepted += counts.accepted();
      context.account(
          new InputFile(
              file.name(),
              file.bytes(),
              file.digest(),
              counts.found(),
              written ? counts.accepted() : 0,
              counts.refused(),
              counts.superseded()));
    }
    return accepted;
  }
}
