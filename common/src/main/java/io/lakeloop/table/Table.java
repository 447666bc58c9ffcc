package io.lakeloop.table;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A table of the contract.
 *
 * @param slice column by whose value a run owns its rows
 * @param writtenBy job to run where the table is missing
 * @param checks CHECK constraints by name, which Delta enforces on every write
 * @param statistics columns by which Delta skips files; empty for the first 32
 */
public record Table(
    String name,
    String comment,
    String slice,
    String writtenBy,
    List<Column> columns,
    Map<String, String> checks,
    List<String> statistics) {

  static Table of(String name, String slice, String writtenBy, String comment, Column... columns) {
    return new Table(
        name, comment, slice, writtenBy, List.copyOf(Arrays.asList(columns)), Map.of(), List.of());
  }

  /** The same table with one more constraint. */
  Table check(String constraint, String expression) {
    Map<String, String> more = new LinkedHashMap<>(checks);
    more.put(constraint, expression);
    return new Table(name, comment, slice, writtenBy, columns, more, statistics);
  }

  /**
   * The same table with least and greatest values kept of these columns alone: of all columns, that
   * is a third of the time that writing a wide table takes.
   */
  Table statistics(String... of) {
    return new Table(name, comment, slice, writtenBy, columns, checks, List.of(of));
  }

  /** The schema that datasets written to this table have; nullability is Delta's to enforce. */
  public StructType schema() {
    return new StructType(
        columns.stream()
            .map(c -> new StructField(c.name(), c.type(), c.nullable(), Metadata.empty()))
            .toArray(StructField[]::new));
  }
}
