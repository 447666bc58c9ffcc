package io.lakeloop.feedback.logs;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.feedback.Preview;
import io.lakeloop.run.JobContext;
import io.lakeloop.text.Pseudonyms;
import io.lakeloop.text.TextCleaner;
import java.sql.Timestamp;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Shows what the first records of a log would become: taken for what, and with which exchanges. */
public final class LogPreview {
  private static final byte[] NO_SECRET = new byte[32];

  private final ZoneId timeZone;
  private final Timestamp now;
  private final RecordReader reader = new RecordReader(new Pseudonyms(NO_SECRET));
  private final TextCleaner cleaner = new TextCleaner(new TextCleaner.Settings(false, NO_SECRET));

  /**
   * @param timeZone of times that name none
   */
  public LogPreview(ZoneId timeZone, Timestamp now) {
    this.timeZone = timeZone;
    this.now = now;
  }

  /**
   * Says what the first records would become.
   *
   * @param records as {@link LogIngest} reads them
   */
  public void say(JobContext context, Dataset<Row> records, int most) {
    Preview.say(context, records, most, this::shown);
  }

  private String shown(Row row) {
    LogFormat format = LogFormat.valueOf(row.getAs("format"));
    String taken = "taken for %s (%s)".formatted(format.label(), format.sign());
    String payload = row.getAs("payload");
    LogRecord record = LogRecord.parse(payload);
    if (format.needsOthers(record.node())) {
      return taken + ", a message that is read together with those it refers to";
    }
    RecordReader.Raw raw =
        new RecordReader.Raw(
            row.getAs("record_id"),
            "",
            row.getAs("source_file"),
            row.<Long>getAs("line"),
            payload,
            format,
            List.of(),
            now,
            timeZone);
    List<String> lines = new ArrayList<>(List.of(taken));
    cleaner.begin();
    reader.turns(raw, record).forEach(turn -> lines.add(shown(turn)));
    return String.join("\n    ", lines);
  }

  private String shown(Turn turn) {
    if (turn.isRefused()) {
      return "refused, " + turn.text("reason_code") + ": " + turn.text("reason");
    }
    Conversation before = turn.before();
    String roles =
        before.messages().stream()
            .map(Message::role)
            .map(role -> role.label())
            .collect(Collectors.joining(", "));
    return "turn %s of conversation %s, %s: %s is answered %s"
        .formatted(
            turn.get("turn"),
            cleaner.name(turn.text("conversation_id")),
            roles,
            Preview.quoted(cleaner.text(turn.text("prompt"))),
            Preview.quoted(cleaner.text(turn.text("completion"))));
  }
}
