package io.lakeloop.table;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A table of the contract.
 *
 * @param slice column by whose value a run owns its rows
 * @param writtenBy job to run where the table is missing
 * @param checks CHECK constraints by name, which Delta enforces on every write
 * @param ids columns of digests and keyed hashes, by which Delta may skip files
 */
public record Table(
    String name,
    String comment,
    String slice,
    String writtenBy,
    List<Column> columns,
    Map<String, String> checks,
    List<String> ids) {

  static Table of(String name, String slice, String writtenBy, String comment, Column... columns) {
    return new Table(
        name, comment, slice, writtenBy, List.copyOf(Arrays.asList(columns)), Map.of(), List.of());
  }

  /** The same table with one more constraint. */
  Table check(String constraint, String expression) {
    Map<String, String> more = new LinkedHashMap<>(checks);
    more.put(constraint, expression);
    return new Table(name, comment, slice, writtenBy, columns, more, ids);
  }

  /** The same table with columns of digests and keyed hashes by which rows are looked for. */
  Table ids(String... of) {
    return new Table(name, comment, slice, writtenBy, columns, checks, List.of(of));
  }

  /**
   * Columns whose least and greatest values Delta keeps in its log: numbers, times and ids. Of text
   * it would keep the beginning, in a place that outlives the deletion of the row.
   */
  List<String> statistics() {
    return columns.stream()
        .filter(
            column ->
                ids.contains(column.name())
                    || column.type() instanceof NumericType
                    || column.type().equals(DataTypes.TimestampType))
        .map(Column::name)
        .toList();
  }

  /** The schema that datasets written to this table have; nullability is Delta's to enforce. */
  public StructType schema() {
    return new StructType(
        columns.stream()
            .map(c -> new StructField(c.name(), c.type(), c.nullable(), Metadata.empty()))
            .toArray(StructField[]::new));
  }
}
