package io.lakeloop.feedback.labels;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.feedback.CsvRecords;
import io.lakeloop.feedback.Payload;
import io.lakeloop.text.TextCleaner;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

/** Batches of Mechanical Turk: one assignment per row, one question per answer. */
class MturkAnswersTest {
  private static List<String> labels(String csv) {
    CsvRecords records =
        new CsvRecords("f", new ByteArrayInputStream(csv.getBytes(StandardCharsets.UTF_8)));
    assertThat(MturkAnswers.fits(records.header())).isTrue();
    MturkAnswers answers = new MturkAnswers(records.header());
    TextCleaner cleaner = new TextCleaner(new TextCleaner.Settings(false, new byte[32]));
    return records.stream()
        .flatMap(entry -> answers.labels(entry).stream())
        .map(label -> shown(label.row("f", 1, "preference", new Payload(""), cleaner)))
        .toList();
  }

  private static Object cell(Row row, String column) {
    return row.get(LabelRow.SCHEMA.fieldIndex(column));
  }

  private static String shown(Row row) {
    Object code = cell(row, "reason_code");
    return cell(row, "item_id")
        + " "
        + cell(row, "rater_id")
        + " "
        + cell(row, "question")
        + "="
        + (code == null ? cell(row, "value") : code)
        + " "
        + cell(row, "submitted_at");
  }

  @Test
  void columnsOfAnswersAreQuestions() {
    String csv =
        """
        HITId,WorkerId,AssignmentStatus,SubmitTime,Input.item_id,Answer.better,Answer.tone.kind,Answer.tone.rude
        h1,w1,Submitted,Wed Mar 04 10:21:33 UTC 2020,i1,a,true,false
        h1,w2,Rejected,Wed Mar 04 10:21:33 UTC 2020,i1,b,true,false
        h2,w1,Approved,Wed Mar 04 10:21:33 UTC 2020,,b,false,false
        """;
    assertThat(labels(csv))
        .containsExactly(
            "i1 w1 better=a 2020-03-04 10:21:33.0",
            "i1 w1 tone=kind 2020-03-04 10:21:33.0",
            "i1 w2 preference=CANCELLED 2020-03-04 10:21:33.0",
            "h2 w1 better=b 2020-03-04 10:21:33.0");
  }

  @Test
  void answersInOneColumnOfJsonAreReadToo() {
    String csv =
        "HITId,WorkerId,AssignmentStatus,Answer.taskAnswers\n"
            + "h1,w1,Submitted,\"[{\"\"q1\"\":{\"\"label\"\":\"\"A\"\"},\"\"q2\"\":{\"\"x\"\":true,\"\"y\"\":false}}]\"\n";
    assertThat(labels(csv)).containsExactly("h1 w1 q1=A null", "h1 w1 q2=x null");
  }
}
