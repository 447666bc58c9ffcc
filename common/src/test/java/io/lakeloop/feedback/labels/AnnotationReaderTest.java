package io.lakeloop.feedback.labels;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.feedback.JsonRecordsTest;
import io.lakeloop.feedback.labels.AnnotationReader.Tool;
import io.lakeloop.text.TextCleaner;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnnotationReaderTest {
  private static List<Row> read(Tool tool, String json) {
    TextCleaner cleaner = new TextCleaner(new TextCleaner.Settings(false, new byte[32]));
    return JsonRecordsTest.read(json).stream()
        .flatMap(entry -> AnnotationReader.rows("f", entry, tool, "quality", cleaner))
        .toList();
  }

  private static String cell(Row row, String column) {
    return row.getString(LabelRow.SCHEMA.fieldIndex(column));
  }

  /** The value, or the reason code where there is none. */
  private static String outcome(Row row) {
    String code = cell(row, "reason_code");
    return code == null ? cell(row, "value") : code;
  }

  private static String task(String data, String value) {
    return "{\"id\":501,\"data\":%s,\"annotations\":[{\"completed_by\":3,\"result\":[%s]}]}"
        .formatted(data, "{\"from_name\":\"preference\",\"value\":" + value + "}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"item_id\":17}|17",
        "{\"item_id\":\" i17 \"}|i17",
        "{\"item_id\":null}|501",
        "{}|501",
      })
  void anItemGoesByItsOwnIdWhateverItsType(String data, String item) {
    Row row = read(Tool.LABEL_STUDIO, task(data, "{\"selected\":\"left\"}")).get(0);
    assertThat(cell(row, "item_id")).isEqualTo(item);
    assertThat(outcome(row)).isEqualTo("a");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"selected\":\"left\"}|b",
        "{\"selected\":\"right\"}|a",
        "{\"selected\":\"tie\"}|tie",
        "{\"selected\":\"lefft\"}|OUT_OF_RANGE",
        "{\"selected\":null}|OUT_OF_RANGE",
        "{\"selected\":{}}|OUT_OF_RANGE",
        "{\"selected\":5}|OUT_OF_RANGE",
        "{\"choices\":[\"x\",\"y\"]}|x,y",
        "{\"choices\":[null]}|WRONG_TYPE",
        "{\"choices\":[\"\",\"\u202e\u200b\"]}|WRONG_TYPE",
        "{\"choices\":\"x\"}|WRONG_TYPE",
        "{\"taxonomy\":[[\"Billing\",\"Refund\"],[\"Shipping\"]]}|Billing/Refund,Shipping",
        "{\"taxonomy\":[[\"Billing\",null]]}|WRONG_TYPE",
        "{\"choices\":[[\"a\",\"b\"]]}|WRONG_TYPE",
        "{\"taxonomy\":{\"z\":[\"q\"]}}|WRONG_TYPE",
        "{\"selected\":\" left \"}|b",
        "{\"text\":\"a span\",\"labels\":[\"bad\"]}|MISSING_FIELD",
        "{\"ranker\":{\"_\":[\"c\",\"a\"]}}|c>a",
        "{\"ranker\":{\"_\":[\"c\"],\"rank\":[\"a\",\"b\"]}}|a>b",
        "{\"ranker\":{\"good\":[\"c\"],\"bad\":[\"a\"]}}|bad:a;good:c",
        "{\"ranker\":[\"\",\"b\"]}|WRONG_TYPE",
        "{\"rating\":4}|4",
        "{\"rating\":{}}|WRONG_TYPE",
        "{\"number\":1.5}|1.5",
        "{}|MISSING_FIELD",
      })
  void labelStudiosAnswersAreReadOrRefused(String value, String expected) {
    // A position with a blank is the position, in the row and in what it says of the sides.
    String data = "{\"item_id\":\"i1\",\"shown_position\":\"ba \"}";
    Row row = read(Tool.LABEL_STUDIO, task(data, value)).get(0);
    assertThat(outcome(row)).isEqualTo(expected);
    assertThat(cell(row, "shown_position")).isEqualTo("ba");
  }

  @Test
  void allThatARaterWroteIsKept() {
    String json =
        """
        {"id":1,"data":{},"annotations":[{"completed_by":3,"result":[
          {"from_name":"a","value":{"text":["too","long"]}},
          {"from_name":"preference","value":{"selected":"left"}},
          {"from_name":"b","value":{"text":"and rude"}}]}]}""";
    List<Row> rows = read(Tool.LABEL_STUDIO, json);
    assertThat(rows).hasSize(1);
    assertThat(cell(rows.get(0), "comment")).isEqualTo("too\nlong\nand rude");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"q\":[{\"user_id\":\"u\",\"value\":\"a\"}]}|a",
        "{\"q\":[{\"user_id\":\"u\",\"value\":\"a\"}],\"q2\":\"a\"}|a WRONG_TYPE",
        "{\"q\":{\"user_id\":\"u\",\"value\":\"a\"}}|WRONG_TYPE",
        "{\"q\":[{\"user_id\":\"u\",\"value\":[\"x\",\"y\"]}]}|x,y",
        "{\"q\":[{\"user_id\":\"u\",\"value\":[null]}]}|WRONG_TYPE",
        "{\"q\":[{\"user_id\":\"u\",\"value\":{\"start\":1}}]}|WRONG_TYPE",
        "{\"q\":[{\"user_id\":\"u\",\"value\":[{\"value\":\"\",\"rank\":1}]}]}|WRONG_TYPE",
        "{\"q\":[{\"user_id\":\"u\",\"value\":[{\"value\":\"a\",\"rank\":\"1\"}]}]}|WRONG_TYPE",
        "{\"q\":[{\"user_id\":{},\"value\":\"a\"}]}|WRONG_TYPE",
        "{\"q\":[{\"user_id\":\"u\",\"value\":\"\u202e\u200b\"}]}|MISSING_FIELD",
        "[{\"user_id\":\"u\",\"values\":{\"q\":{\"value\":7}}}]|7",
        "[{\"user_id\":\"u\",\"values\":\"a\"}]|NO_ANSWER",
        "[{\"values\":{\"q\":{\"value\":7}},\"user_id\":\"u\"},{\"values\":[\"lost\"],\"user_id\":\"v\"}]|7 NO_ANSWER",
        "[{\"user_id\":\"u\",\"status\":\"draft\",\"values\":{\"q\":{\"value\":7}}}]|CANCELLED",
        "[{\"user_id\":\"u\",\"status\":{},\"values\":{\"q\":{\"value\":7}}}]|OUT_OF_RANGE",
        "5|MISSING_FIELD",
      })
  void argillasAnswersAreReadOrRefused(String responses, String expected) {
    // Version 1 writes external_id, null where there is none.
    String json = "{\"id\":\"r1\",\"external_id\":null,\"responses\":%s}".formatted(responses);
    List<Row> rows = read(Tool.ARGILLA, json);
    assertThat(String.join(" ", rows.stream().map(AnnotationReaderTest::outcome).toList()))
        .isEqualTo(expected);
  }

  @Test
  void aRecordIsCleanedForQuarantineOnceHoweverManyOfItsAnswersAreRefused() {
    String annotation = "{\"completed_by\":3,\"was_cancelled\":true,\"result\":[]}";
    String annotations = (annotation + ",").repeat(5_000) + annotation;
    List<Row> rows =
        read(
            Tool.LABEL_STUDIO,
            "{\"id\":1,\"data\":{},\"annotations\":[%s]}".formatted(annotations));
    assertThat(rows).hasSize(5_001);
    Object first = rows.get(0).get(LabelRow.SCHEMA.fieldIndex("payload"));
    assertThat(first).isNotNull();
    assertThat(rows)
        .allSatisfy(
            row -> assertThat(row.get(LabelRow.SCHEMA.fieldIndex("payload"))).isSameAs(first));
  }

  /** 25,000 answers, each with its own copy of a comment of 100,000 characters, make 2.5 GB. */
  @Test
  void answersThatAreManyTimesTheirRecordAreRefused() {
    String answer = "{\"from_name\":\"q\",\"value\":{\"rating\":4}}";
    String json =
        "{\"id\":1,\"data\":{},\"annotations\":[{\"completed_by\":3,\"result\":[%s%s]}]}"
            .formatted(
                "{\"from_name\":\"c\",\"value\":{\"text\":\"" + "x".repeat(99_000) + "\"}}",
                ("," + answer).repeat(25_000));
    List<Row> rows = read(Tool.LABEL_STUDIO, json);
    assertThat(rows).hasSize(1);
    assertThat(outcome(rows.get(0))).isEqualTo("TOO_MANY_ANSWERS");
  }

  @Test
  void reasonsAndCommentsAreTextsOrTheLabelIsRefused() {
    for (String odd : List.of("{\"z\":1}", "null", "[\"n\"]")) {
      String json =
          "{\"id\":1,\"data\":{},\"annotations\":[{\"completed_by\":3,\"result\":[%s,%s]}]}"
              .formatted(
                  "{\"from_name\":\"reasons\",\"value\":{\"choices\":[\"r1\"," + odd + "]}}",
                  "{\"from_name\":\"q\",\"value\":{\"rating\":4}}");
      assertThat(outcome(read(Tool.LABEL_STUDIO, json).get(0))).isEqualTo("WRONG_TYPE");
    }
    String selected =
        "{\"id\":1,\"data\":{},\"annotations\":[{\"completed_by\":3,\"result\":["
            + "{\"from_name\":\"reasons\",\"value\":{\"selected\":\"left\"}}]}]}";
    assertThat(outcome(read(Tool.LABEL_STUDIO, selected).get(0))).isEqualTo("a");
  }

  @Test
  void reasonsAreBounded() {
    String json =
        "{\"id\":1,\"data\":{},\"annotations\":[{\"completed_by\":3,\"result\":[%s,%s]}]}"
            .formatted(
                "{\"from_name\":\"reasons\",\"value\":{\"choices\":[\""
                    + "x".repeat(200_000)
                    + "\"]}}",
                "{\"from_name\":\"q\",\"value\":{\"rating\":4}}");
    assertThat(outcome(read(Tool.LABEL_STUDIO, json).get(0))).isEqualTo("TEXT_TOO_LONG");
  }

  private static List<String> outcomes(Tool tool, String json) {
    return read(tool, json).stream()
        .map(row -> cell(row, "item_id") + " " + cell(row, "rater_id") + " " + outcome(row))
        .toList();
  }

  @Test
  void tablesOfArgillasRecordsAreReadInBothVersions() {
    String version2 =
        """
        {"id":"a1","text":"x","q.responses":["good","bad"],"q.responses.users":["u1","u2"],
         "q.responses.status":["submitted","draft"],"q.suggestion":null}""";
    assertThat(outcomes(Tool.ARGILLA, version2)).containsExactly("a1 u1 good", "a1 u2 CANCELLED");
    String version1 =
        """
        {"text":"x","q":[{"user_id":"u1","value":{"rank":[2,1],"value":["a","b"]},"status":"submitted"}],
         "external_id":"e1","metadata":"{}"}""";
    assertThat(outcomes(Tool.ARGILLA, version1)).containsExactly("e1 u1 b>a");
    String unnamed = version1.replace("\"e1\"", "null");
    assertThat(outcomes(null, unnamed))
        .hasSize(1)
        .first()
        .asString()
        .matches("[0-9a-f]{32} u1 b>a");
  }

  @Test
  void prodigysAnswersAreChoicesOrWhetherALabelHolds() {
    String task = "{\"_task_hash\":-7,\"_session_id\":\"d-ann\",\"_timestamp\":1707211049,%s}";
    assertThat(outcomes(null, task.formatted("\"accept\":[\"a\"],\"answer\":\"accept\"")))
        .containsExactly("-7 d-ann a");
    assertThat(outcomes(null, task.formatted("\"accept\":[],\"answer\":\"accept\"")))
        .containsExactly("-7 d-ann NO_ANSWER");
    assertThat(outcomes(null, task.formatted("\"label\":\"RUDE\",\"answer\":\"reject\"")))
        .containsExactly("-7 d-ann reject");
    assertThat(outcomes(null, task.formatted("\"answer\":\"ignore\"")))
        .containsExactly("-7 d-ann CANCELLED");
  }

  @ParameterizedTest
  @CsvSource({"3.0,3", "2.50,2.5", "-0.0,0", "3,3", "007,007", "1.2.3,1.2.3"})
  void aNumberIsOneAnswerHoweverItIsWritten(String written, String value) {
    assertThat(
            read(
                Tool.LABEL_STUDIO,
                task("{\"item_id\":\"i\"}", "{\"choices\":[\"" + written + "\"]}")))
        .extracting(row -> cell(row, "value"))
        .containsExactly(value);
  }

  @Test
  void whatWasSortedIntoBucketsIsToldByTheirNames() {
    String buckets = "{\"ranker\":{\"worst\":[\"c\"],\"best\":[\"a\",\"b\"],\"_\":[\"d\"]}}";
    assertThat(read(Tool.LABEL_STUDIO, task("{\"item_id\":\"i\"}", buckets)))
        .extracting(AnnotationReaderTest::outcome)
        .containsExactly("best:a,b;worst:c");
  }
}
