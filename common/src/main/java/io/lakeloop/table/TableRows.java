package io.lakeloop.table;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;

/** Rows of one table made on the driver, by column name; for results, not for data. */
public final class TableRows {
  private final Table table;
  private final List<String> names;
  private final List<Row> rows = new ArrayList<>();

  public TableRows(Table table) {
    this.table = table;
    this.names = table.columns().stream().map(Column::name).toList();
  }

  public Table table() {
    return table;
  }

  /** Adds a row; columns that are not named are null. */
  public TableRows add(Map<String, Object> values) {
    Object[] cells = new Object[names.size()];
    values.forEach(
        (name, value) -> {
          int at = names.indexOf(name);
          if (at < 0) {
            throw new IllegalArgumentException(table.name() + " has no column " + name + ".");
          }
          cells[at] = value;
        });
    rows.add(RowFactory.create(cells));
    return this;
  }

  /** Nullability is left to Delta, whose refusal names the column; Spark's own does not. */
  public Dataset<Row> dataset(SparkSession spark) {
    return spark.createDataFrame(rows, table.schema().asNullable()).coalesce(1);
  }
}
