package io.lakeloop.feedback.logs;

import static org.apache.spark.sql.functions.col;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.text.Pseudonyms;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Whose words raw records hold, and whose words are in the turns that are made of them: of everyone
 * whom a record names, at any depth, and of the authors of the messages that it goes back to.
 */
public final class RecordSubjects {
  private static final StructType SCHEMA =
      new StructType()
          .add("record_id", DataTypes.StringType)
          .add("subject_key", DataTypes.StringType)
          .add("is_named", DataTypes.BooleanType);

  private RecordSubjects() {}

  /**
   * Columns record_id, subject_key and is_named, which is true where the record itself names the
   * person.
   *
   * @param raw rows of interactions_raw
   * @param secret of the keyed hashes
   */
  public static Dataset<Row> of(Dataset<Row> raw, byte[] secret) {
    byte[] key = secret.clone();
    Dataset<Row> records = raw.select("record_id", "payload", "source_file", "format");
    return records
        .mapPartitions(
            (MapPartitionsFunction<Row, Row>) rows -> named(rows, new Pseudonyms(key)),
            Encoders.row(SCHEMA))
        .union(
            records
                .where(col("format").equalTo(LogFormat.OASST_MESSAGES.name()))
                .groupByKey(
                    (MapFunction<Row, String>) RecordSubjects::conversation, Encoders.STRING())
                .flatMapGroups(
                    (FlatMapGroupsFunction<String, Row, Row>)
                        (conversation, rows) -> inherited(rows, new Pseudonyms(key)),
                    Encoders.row(SCHEMA)));
  }

  private static JsonNode node(Row record) {
    return LogRecord.parse(record.getString(1)).node();
  }

  private static String conversation(Row record) {
    String key = Conversation.key(LogFormat.OASST_MESSAGES, node(record));
    return key == null ? record.getString(2) : key;
  }

  private static Iterator<Row> named(Iterator<Row> records, Pseudonyms pseudonyms) {
    Iterable<Row> all = () -> records;
    return StreamSupport.stream(all.spliterator(), false)
        .flatMap(record -> rows(record, users(node(record)), true, pseudonyms))
        .iterator();
  }

  /** Of messages that name their parents: all of one conversation. */
  private static Iterator<Row> inherited(Iterator<Row> records, Pseudonyms pseudonyms) {
    List<Row> messages = new ArrayList<>();
    records.forEachRemaining(messages::add);
    List<List<JsonNode>> ancestors =
        Conversation.ancestors(messages.stream().map(RecordSubjects::node).toList());
    List<Row> found = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      Set<String> users = new TreeSet<>();
      ancestors.get(i).forEach(message -> users.addAll(users(message)));
      rows(messages.get(i), users, false, pseudonyms).forEach(found::add);
    }
    return found.iterator();
  }

  private static Set<String> users(JsonNode record) {
    Set<String> users = new TreeSet<>();
    for (String field : LogRecord.USERS) {
      for (JsonNode user : record.findValues(field)) {
        if (user.isValueNode() && !user.isNull() && !user.asText().isBlank()) {
          users.add(user.asText());
        }
      }
    }
    return users;
  }

  private static Stream<Row> rows(
      Row record, Collection<String> users, boolean isNamed, Pseudonyms pseudonyms) {
    return users.stream()
        .map(user -> RowFactory.create(record.getString(0), pseudonyms.of(user), isNamed));
  }
}
