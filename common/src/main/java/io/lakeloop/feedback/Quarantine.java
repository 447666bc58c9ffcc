package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.run.JobContext;
import io.lakeloop.table.FeedbackTables;
import io.lakeloop.table.Table;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Parts read records into accepted and refused ones. Datasets that pass here carry {@code
 * source_file, line, reason_code, reason, payload}; what has a reason code is refused.
 */
public final class Quarantine {
  private Quarantine() {}

  /**
   * Writes the refused records and returns the accepted ones.
   *
   * @param records is read more than once: persist it where reading is dear
   * @throws UserError TOO_MANY_QUARANTINED if more than the share was refused, DATA_EMPTY if
   *     nothing was there at all; the refused records are written all the same
   */
  public static Dataset<Row> split(
      JobContext context, Table table, Dataset<Row> records, double maxQuarantinedShare) {
    Column noFault = col("reason_code").isin(Refusal.NOT_AN_EXCHANGE, Refusal.CANCELLED);
    Row counts =
        records.agg(count(lit(1)), count(col("reason_code")), count(when(noFault, lit(1)))).first();
    long total = counts.getLong(0);
    long bad = counts.getLong(1);
    long faulty = bad - counts.getLong(2);
    context.countRead(total);
    if (total == 0) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot write %s: the input holds no record. Check the path, or what ran before.",
          table.name());
    }
    context
        .tables()
        .replace(
            FeedbackTables.QUARANTINE,
            records
                .where(col("reason_code").isNotNull())
                .withColumn("run_id", lit(context.runId()))
                .withColumn("table_name", lit(table.name())));
    if (bad > 0) {
      context.say("%,d of %,d records went to quarantine", bad, total);
    }
    if (faulty > maxQuarantinedShare * total) {
      throw new UserError(
          ErrorCode.TOO_MANY_QUARANTINED,
          "Cannot write %s: %d of %d records were refused, a share of %s where"
              + " max-quarantined-share is %s. Look at SELECT reason_code, reason FROM quarantine"
              + " WHERE run_id = '%s', then mend the input or raise the share.",
          table.name(),
          bad,
          total,
          String.format(Locale.ROOT, "%.3f", (double) bad / total),
          maxQuarantinedShare,
          context.runId());
    }
    return records.where(col("reason_code").isNull());
  }
}
