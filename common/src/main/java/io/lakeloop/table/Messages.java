package io.lakeloop.table;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.chat.ToolCall;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;

/**
 * The column {@code messages}: all that was said before an answer. Rows of earlier releases have
 * none, or only what came before the prompt.
 */
public final class Messages {
  private Messages() {}

  /** Cells of the column. */
  public static Row[] rows(Conversation conversation) {
    return conversation.messages().stream().map(Messages::row).toArray(Row[]::new);
  }

  private static Row row(Message message) {
    Row[] calls =
        message.calls().stream()
            .map(call -> RowFactory.create(call.id(), call.name(), call.arguments()))
            .toArray(Row[]::new);
    return RowFactory.create(
        message.role().label(),
        message.content(),
        message.name(),
        calls.length == 0 ? null : calls,
        message.callId(),
        message.weight() == 1 ? null : message.weight(),
        message.parts().isEmpty() ? null : message.parts().toArray(String[]::new));
  }

  /**
   * What a model reads before it answers.
   *
   * @param cells of the column, or null
   * @param prompt of the same row
   */
  public static Conversation read(List<Row> cells, String prompt) {
    if (cells == null || cells.isEmpty()) {
      return Conversation.of(prompt);
    }
    Conversation read = new Conversation(cells.stream().map(Messages::message).toList());
    Role last = read.messages().get(cells.size() - 1).role();
    // Earlier releases kept the prompt apart from what came before it.
    return last == Role.USER || last == Role.TOOL || read.asks(prompt)
        ? read
        : read.with(Message.of(Role.USER, prompt));
  }

  /** That of a row with the columns messages and prompt. */
  public static Conversation read(Row row) {
    int at = row.fieldIndex("messages");
    return read(row.isNullAt(at) ? null : row.getList(at), row.getAs("prompt"));
  }

  private static Message message(Row row) {
    String content = row.getString(1);
    List<Row> calls = row.isNullAt(3) ? List.of() : row.getList(3);
    return new Message(
        Role.of(row.getString(0)),
        content == null ? "" : content,
        row.getString(2),
        calls.stream()
            .map(call -> new ToolCall(call.getString(0), call.getString(1), call.getString(2)))
            .toList(),
        row.getString(4),
        row.isNullAt(5) ? 1 : row.getInt(5),
        row.isNullAt(6) ? List.of() : row.getList(6));
  }

  /**
   * What equal conversations share and others don't: the text of the prompt where it is all that
   * was said, else a digest of the messages. Ids and splits of rows without history are therefore
   * those of releases that knew none.
   */
  public static String key(Conversation before) {
    return before.hasPromptAlone() ? before.prompt() : "\u0002" + before.digest();
  }

  /** {@link #key} of the columns messages and prompt. */
  public static Column key(Column messages, Column prompt) {
    return functions
        .udf(
            (UDF2<scala.collection.Seq<Row>, String, String>)
                (cells, said) -> key(read(list(cells), said)),
            DataTypes.StringType)
        .apply(messages, prompt);
  }

  /** Whether more was said than the prompt. */
  public static Column hasHistory() {
    return functions.expr("size(messages) > 1 OR messages[0].role <> 'user'");
  }

  /** {@link Conversation#opening} of the columns messages and prompt. */
  public static Column opening(Column messages, Column prompt) {
    return functions
        .udf(
            (UDF2<scala.collection.Seq<Row>, String, String>)
                (cells, said) -> read(list(cells), said).opening(),
            DataTypes.StringType)
        .apply(messages, prompt);
  }

  private static List<Row> list(scala.collection.Seq<Row> cells) {
    return cells == null ? null : scala.collection.JavaConverters.seqAsJavaList(cells);
  }
}
