package io.lakeloop.table;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Column types that more than one value makes up. */
final class Types {
  static final DataType STRINGS = DataTypes.createArrayType(DataTypes.StringType);
  static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType);
  static final DataType INTEGERS = DataTypes.createArrayType(DataTypes.IntegerType);
  static final DataType VERSIONS =
      DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType);
  static final DataType COUNTS =
      DataTypes.createMapType(DataTypes.StringType, DataTypes.IntegerType);
  static final DataType MEASURES =
      DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType);
  static final DataType MESSAGES =
      DataTypes.createArrayType(
          new StructType()
              .add("role", DataTypes.StringType)
              .add("content", DataTypes.StringType)
              .add("name", DataTypes.StringType)
              .add(
                  "calls",
                  DataTypes.createArrayType(
                      new StructType()
                          .add("id", DataTypes.StringType)
                          .add("name", DataTypes.StringType)
                          .add("arguments", DataTypes.StringType)))
              .add("call_id", DataTypes.StringType)
              .add("weight", DataTypes.IntegerType)
              .add("parts", STRINGS));
  static final DataType DOCUMENTS =
      DataTypes.createArrayType(
          new StructType()
              .add("id", DataTypes.StringType)
              .add("score", DataTypes.DoubleType)
              .add("rank", DataTypes.IntegerType));
  static final DataType TOOL_CALLS =
      DataTypes.createArrayType(
          new StructType()
              .add("name", DataTypes.StringType)
              .add("arguments", DataTypes.StringType)
              .add("result", DataTypes.StringType));

  static final DataType INPUTS =
      DataTypes.createArrayType(
          new StructType()
              .add("file", DataTypes.StringType)
              .add("bytes", DataTypes.LongType)
              .add("digest", DataTypes.StringType)
              .add("found", DataTypes.LongType)
              .add("written", DataTypes.LongType)
              .add("quarantined", DataTypes.LongType)
              .add("superseded", DataTypes.LongType));

  private Types() {}
}
