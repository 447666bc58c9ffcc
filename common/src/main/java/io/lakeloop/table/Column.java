package io.lakeloop.table;

import org.apache.spark.sql.types.DataType;

/** One column of a table; what it holds, with its unit, is in the comment. */
public record Column(String name, DataType type, boolean nullable, String comment) {

  static Column required(String name, DataType type, String comment) {
    return new Column(name, type, false, comment);
  }

  static Column optional(String name, DataType type, String comment) {
    return new Column(name, type, true, comment);
  }
}
