package io.lakeloop.feedback.logs;

import io.lakeloop.chat.Conversation;
import io.lakeloop.table.FeedbackTables;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.collection.JavaConverters;

/**
 * One exchange on its way from a record to a row of interactions: the row's cells by name, with the
 * columns that tell accepted from refused records beside them.
 */
final class Turn {
  /** Columns of interactions, those of Quarantine, and those that a deferred record needs. */
  static final StructType SCHEMA = schema();

  private static final Map<String, Integer> PLACES = places();

  private final Object[] cells = new Object[SCHEMA.size()];

  private Conversation before;

  private static StructType schema() {
    StructType schema = FeedbackTables.INTERACTIONS.schema().asNullable();
    schema = schema.add("line", DataTypes.LongType);
    for (String name :
        List.of(
            "source_file",
            "reason_code",
            "reason",
            "payload",
            "conversation_key",
            "raw_payload",
            "format",
            "time_zone")) {
      schema = schema.add(name, DataTypes.StringType);
    }
    return schema
        .add("consent_default", DataTypes.createArrayType(DataTypes.StringType))
        .add("received_at", DataTypes.TimestampType);
  }

  private static Map<String, Integer> places() {
    Map<String, Integer> places = new HashMap<>();
    for (String name : SCHEMA.fieldNames()) {
      places.put(name, places.size());
    }
    return Map.copyOf(places);
  }

  Turn set(String column, Object value) {
    cells[PLACES.get(column)] = value;
    return this;
  }

  /** What came before the answer, until it is cleaned and becomes a cell. */
  Conversation before() {
    return before;
  }

  Turn setBefore(Conversation conversation) {
    before = conversation;
    return this;
  }

  /** Spark's rows take Scala's maps; an empty one is null. */
  Turn set(String column, Map<String, ?> map) {
    return set(
        column,
        map.isEmpty() ? null : (Object) JavaConverters.mapAsScalaMapConverter(map).asScala());
  }

  Object get(String column) {
    return cells[PLACES.get(column)];
  }

  String text(String column) {
    return (String) get(column);
  }

  boolean isRefused() {
    return get("reason_code") != null;
  }

  /** The cells in the order of {@link #SCHEMA}. */
  Object[] cells() {
    return cells;
  }
}
