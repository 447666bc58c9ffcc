package io.lakeloop.feedback.labels;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.feedback.JsonRecordsTest;
import io.lakeloop.text.TextCleaner;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueueReaderTest {
  private static final int ITEM = 2;
  private static final int GOLD = 8;
  private static final int CODE = 9;

  private static Row read(String fields) {
    String json =
        "{\"prompt\":\"Where?\",\"completion_a\":\"Here.\",\"completion_b\":\"There.\""
            + fields
            + "}";
    TextCleaner cleaner = new TextCleaner(new TextCleaner.Settings(false, new byte[32]));
    return QueueReader.row("f", JsonRecordsTest.read(json).get(0), cleaner);
  }

  /** Labels have their item's id stripped: the item must have it so, too. */
  @Test
  void idsAreStrippedAsThoseOfLabelsAre() {
    Row row = read(",\"item_id\":\" i1 \",\"gold_value\":\"a \"");
    assertThat(row.getString(ITEM)).isEqualTo("i1");
    assertThat(row.getString(GOLD)).isEqualTo("a");
    assertThat(read(",\"item_id\":17").getString(ITEM)).isEqualTo("17");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        ",\"item_id\":\" \"|OUT_OF_RANGE",
        ",\"item_id\":\"\u202e\u200b\"|OUT_OF_RANGE",
        ",\"item_id\":{}|WRONG_TYPE",
        ",\"gold_value\":[]|WRONG_TYPE",
        ",\"gold_value\":\"\"|OUT_OF_RANGE",
        ",\"product\":{\"a\":1}|WRONG_TYPE",
      })
  void whatNamesNothingIsRefused(String fields, String code) {
    assertThat(read(fields).getString(CODE)).isEqualTo(code);
  }

  @Test
  void whatIsTooLongIsRefused() {
    for (String field : new String[] {"item_id", "gold_value", "product"}) {
      String fields = ",\"" + field + "\":\"" + "x".repeat(200_000) + "\"";
      assertThat(read(fields).getString(CODE)).isEqualTo("TEXT_TOO_LONG");
    }
  }
}
