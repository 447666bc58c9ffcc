package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.run.JobContext;
import io.lakeloop.table.FeedbackTables;
import io.lakeloop.table.Table;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Parts read records into accepted and refused ones. Datasets that pass here carry {@code
 * source_file, line, reason_code, reason, payload}; what has a reason code is refused, but for what
 * is superseded, which is only counted.
 */
public final class Quarantine {
  private Quarantine() {}

  /**
   * Records of one file.
   *
   * @param refused records in quarantine
   * @param faulty those of them that are a fault of the input
   * @param unread why the file could not be read to its end, null where it was
   */
  record Counts(long found, long refused, long faulty, long superseded, String unread) {
    static final Counts NONE = new Counts(0, 0, 0, 0, null);

    long accepted() {
      return found - refused - superseded;
    }

    Counts plus(Counts other) {
      return new Counts(
          found + other.found,
          refused + other.refused,
          faulty + other.faulty,
          superseded + other.superseded,
          unread == null ? other.unread : unread);
    }
  }

  /** Records that are left, and how many there were. */
  public static final class Split {
    private final Dataset<Row> accepted;
    private final Map<String, Counts> byFile;

    private Split(Dataset<Row> accepted, Map<String, Counts> byFile) {
      this.accepted = accepted;
      this.byFile = byFile;
    }

    /** Records that were neither refused nor superseded. */
    public Dataset<Row> accepted() {
      return accepted;
    }

    /**
     * Closes the account.
     *
     * @param written rows that were made of the accepted records, one of each
     * @throws IllegalStateException if a record was lost on the way
     */
    public void requireWritten(long written) {
      long left = byFile.values().stream().mapToLong(Counts::accepted).sum();
      if (left != written) {
        throw new IllegalStateException(
            "%d records were accepted and %d rows written".formatted(left, written));
      }
    }
  }

  /**
   * Writes the refused records and returns the accepted ones.
   *
   * @param records is read more than once: persist it where reading is dear
   * @throws UserError TOO_MANY_QUARANTINED if more than the share was refused, INPUT_UNREADABLE if
   *     a file is cut off, DATA_EMPTY if nothing was there at all; the refused records are written
   *     all the same
   */
  public static Split split(
      JobContext context, Table table, Dataset<Row> records, double maxQuarantinedShare) {
    return split(context, table, records, counts(records), maxQuarantinedShare);
  }

  static Split split(
      JobContext context,
      Table table,
      Dataset<Row> records,
      Map<String, Counts> byFile,
      double maxQuarantinedShare) {
    Counts all = byFile.values().stream().reduce(Counts.NONE, Counts::plus);
    context.countRead(all.found());
    if (all.found() == 0) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot write %s: the input holds no record. Check the path, or what ran before.",
          table.name());
    }
    Column refused = col("reason_code").notEqual(Refusal.SUPERSEDED);
    long quarantined =
        context
            .tables()
            .replace(
                FeedbackTables.QUARANTINE,
                records
                    .where(refused)
                    .withColumn("run_id", lit(context.runId()))
                    .withColumn("table_name", lit(table.name())));
    if (quarantined != all.refused()) {
      throw new IllegalStateException(
          "%s: %d records were refused and %d quarantined"
              .formatted(table.name(), all.refused(), quarantined));
    }
    tell(context, all);
    requireWhole(context, table, byFile);
    requireFew(context, table, all, maxQuarantinedShare);
    return new Split(records.where(col("reason_code").isNull()), byFile);
  }

  /** Counts of the records, by file. */
  static Map<String, Counts> counts(Dataset<Row> records) {
    Column code = col("reason_code");
    Column superseded = code.equalTo(Refusal.SUPERSEDED);
    Column refused = code.notEqual(Refusal.SUPERSEDED);
    Column faulty =
        refused.and(not(code.isin(Refusal.NOT_AN_EXCHANGE, Refusal.CANCELLED, Refusal.UNPAIRED)));
    Map<String, Counts> byFile = new TreeMap<>();
    records
        .groupBy("source_file")
        .agg(
            count(lit(1)),
            count(when(refused, lit(1))),
            count(when(faulty, lit(1))),
            count(when(superseded, lit(1))),
            min(when(code.equalTo(Refusal.CUT_OFF), col("reason"))))
        .collectAsList()
        .forEach(
            row ->
                byFile.put(
                    row.getString(0),
                    new Counts(
                        row.getLong(1),
                        row.getLong(2),
                        row.getLong(3),
                        row.getLong(4),
                        row.getString(5))));
    return byFile;
  }

  private static void tell(JobContext context, Counts all) {
    if (all.refused() > 0) {
      context.say("%,d of %,d records went to quarantine", all.refused(), all.found());
    }
    if (all.superseded() > 0) {
      context.say(
          "%,d of %,d records say what another says, and count once",
          all.superseded(), all.found());
    }
  }

  /** How much is lost of a file that was cut off nobody can tell, so that no share allows it. */
  private static void requireWhole(JobContext context, Table table, Map<String, Counts> byFile) {
    List<String> unread =
        byFile.entrySet().stream()
            .filter(file -> file.getValue().unread() != null)
            .map(file -> unread(file.getKey(), file.getValue().unread()))
            .toList();
    if (unread.isEmpty()) {
      return;
    }
    String others =
        String.format(
            Locale.ROOT,
            " The same holds for %,d more: SELECT source_file, reason FROM quarantine"
                + " WHERE run_id = '%s' AND reason_code = '%s'.",
            unread.size() - 1,
            context.runId(),
            Refusal.CUT_OFF);
    throw new UserError(
        ErrorCode.INPUT_UNREADABLE,
        "%s%s Nothing was written to %s.",
        unread.get(0),
        unread.size() == 1 ? "" : others,
        table.name());
  }

  private static String unread(String file, String why) {
    return why.startsWith("Cannot read ")
        ? why
        : "Cannot read %s to its end: %s. Fetch the file again, or mend it where quarantine says."
            .formatted(file, why);
  }

  private static void requireFew(
      JobContext context, Table table, Counts all, double maxQuarantinedShare) {
    if (all.faulty() > maxQuarantinedShare * all.found()) {
      throw new UserError(
          ErrorCode.TOO_MANY_QUARANTINED,
          "Cannot write %s: %d of %d records were refused, a share of %s where"
              + " max-quarantined-share is %s. Look at SELECT reason_code, reason FROM quarantine"
              + " WHERE run_id = '%s', then mend the input or raise the share.",
          table.name(),
          all.refused(),
          all.found(),
          String.format(Locale.ROOT, "%.3f", (double) all.refused() / all.found()),
          maxQuarantinedShare,
          context.runId());
    }
  }
}
