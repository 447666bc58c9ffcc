package io.lakeloop.table;

import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Columns, and fields of those that hold lists, may grow: what a table was written without is null.
 */
final class GrownColumns {
  private GrownColumns() {}

  static Dataset<Row> of(Table table, Dataset<Row> rows) {
    List<String> present = List.of(rows.columns());
    Dataset<Row> grown = rows;
    for (io.lakeloop.table.Column column : table.columns()) {
      if (!present.contains(column.name())) {
        grown = grown.withColumn(column.name(), none(column.type()));
        continue;
      }
      StructType written = elements(rows.schema().apply(column.name()).dataType());
      StructType now = elements(column.type());
      if (now != null && written != null && written.size() < now.size()) {
        grown = grown.withColumn(column.name(), widened(column.name(), written, now));
      }
    }
    return grown;
  }

  private static Column none(DataType type) {
    return functions.lit(null).cast(type);
  }

  private static StructType elements(DataType type) {
    return type instanceof ArrayType list && list.elementType() instanceof StructType fields
        ? fields
        : null;
  }

  private static Column widened(String column, StructType written, StructType now) {
    List<String> present = List.of(written.fieldNames());
    return functions.transform(
        functions.col(column),
        element -> {
          Column[] fields = new Column[now.size()];
          for (int i = 0; i < fields.length; i++) {
            StructField field = now.fields()[i];
            fields[i] =
                (present.contains(field.name())
                        ? element.getField(field.name())
                        : none(field.dataType()))
                    .as(field.name());
          }
          return functions.struct(fields);
        });
  }
}
