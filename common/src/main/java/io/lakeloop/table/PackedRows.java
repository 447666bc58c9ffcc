package io.lakeloop.table;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Wide rows that a job makes by hand, in the binary form that Spark computes with. The encoder of
 * {@link Row} does the same by code made for the schema; for fifty columns that is longer than the
 * JVM compiles, and a row takes as long to encode as its text takes to clean. Kept in memory, such
 * a row is one array of bytes.
 */
public final class PackedRows {
  private final UnsafeProjection projection;

  /** Packs rows of the schema. One per task. */
  public PackedRows(StructType schema) {
    this.projection = UnsafeProjection.create(schema);
  }

  /**
   * Packs one row.
   *
   * @param cells values as those of a {@link Row}, in the schema's order; arrays stand for lists
   */
  public InternalRow pack(Object[] cells) {
    return projection.apply(new GenericInternalRow(values(cells))).copy();
  }

  private static Object[] values(Object[] cells) {
    Object[] values = new Object[cells.length];
    for (int i = 0; i < cells.length; i++) {
      values[i] = value(cells[i]);
    }
    return values;
  }

  /** The commonest kinds of cells first; Spark's own converter would ask for every other before. */
  private static Object value(Object cell) {
    if (cell == null || cell instanceof Number || cell instanceof Boolean) {
      return cell;
    }
    if (cell instanceof String text) {
      return UTF8String.fromString(text);
    }
    return cell instanceof Object[] list
        ? new GenericArrayData(values(list))
        : CatalystTypeConverters.convertToCatalyst(cell);
  }

  /**
   * The rows of a dataset, as they lie in memory: who keeps one beyond the next must {@code copy}
   * it.
   */
  public static JavaRDD<InternalRow> of(Dataset<Row> rows) {
    return rows.queryExecution().toRdd().toJavaRDD();
  }

  /** A dataset of packed rows. */
  public static Dataset<Row> dataset(
      SparkSession spark, JavaRDD<InternalRow> rows, StructType schema) {
    return spark.internalCreateDataFrame(rows.rdd(), schema, false);
  }

  /** Text of a column, null where it holds none. */
  public static String text(InternalRow row, int column) {
    return row.isNullAt(column) ? null : row.getUTF8String(column).toString();
  }
}
