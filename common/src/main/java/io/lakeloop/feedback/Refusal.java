package io.lakeloop.feedback;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Why a record cannot be used.
 *
 * @param code for counting
 * @param reason with the values, for reading; free of personal data
 */
public record Refusal(String code, String reason) {
  /** Code of records that are in order, but no exchange by themselves: they are no fault. */
  public static final String NOT_AN_EXCHANGE = "NOT_AN_EXCHANGE";

  /** Code of answers that a rater did not give: they are no fault. */
  public static final String CANCELLED = "CANCELLED";

  /** Code of answers with a score for which there is no other to choose between: no fault. */
  public static final String UNPAIRED = "UNPAIRED";

  /** Code of records that say what another says: they are counted, not kept. */
  public static final String SUPERSEDED = "SUPERSEDED";

  /** Code of what stands for a file, or the rest of one, that could not be read. */
  public static final String CUT_OFF = "CUT_OFF";

  /** Characters of the longest text that a field may hold. */
  public static final int LONGEST_TEXT = 100_000;

  /** What is said of a field with more than that. */
  public static Refusal tooLong(String field, int characters) {
    return new Refusal(
        "TEXT_TOO_LONG", field + " has " + characters + " characters, more than " + LONGEST_TEXT);
  }

  /**
   * The row of a refused record, for a schema that begins with source_file and line and ends with
   * reason_code, reason and payload.
   *
   * @param record as it came
   */
  public Row row(StructType schema, String file, long line, Payload record) {
    Object[] cells = new Object[schema.size()];
    cells[0] = file;
    cells[1] = line;
    cells[cells.length - 3] = code;
    cells[cells.length - 2] = reason;
    cells[cells.length - 1] = record.kept();
    return RowFactory.create(cells);
  }
}
