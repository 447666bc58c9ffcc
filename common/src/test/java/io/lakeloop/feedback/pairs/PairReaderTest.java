package io.lakeloop.feedback.pairs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.feedback.JsonRecordsTest;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.Unusable;
import io.lakeloop.text.TextCleaner;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PairReaderTest {
  private static List<Row> read(PairFormat format, String json) {
    TextCleaner cleaner = new TextCleaner(new TextCleaner.Settings(false, null));
    return JsonRecordsTest.read(json).stream()
        .flatMap(entry -> PairReader.rows("f", entry, reading(format), cleaner))
        .toList();
  }

  private static PairReader.Reading reading(PairFormat format) {
    return new PairReader.Reading(format, 0, new TextCleaner.Settings(false, null));
  }

  private static Object cell(Row row, String column) {
    return row.get(Pair.SCHEMA.fieldIndex(column));
  }

  private static String replies(int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i -> "{\"role\":\"assistant\",\"text\":\"Answer %d.\",\"rank\":%d}".formatted(i, i))
        .collect(Collectors.joining(",", "[", "]"));
  }

  /** 990 transcripts of 3.5 million characters would take 3.5 GB. */
  @Test
  void aPromptThatIsTooLongIsRefusedForEachPairWithoutBeingBuiltForEach() {
    String tree =
        "{\"prompt\":{\"role\":\"prompter\",\"text\":\"Hello\",\"replies\":[{\"role\":\"assistant\","
            + "\"text\":\"%s\",\"replies\":[{\"role\":\"prompter\",\"text\":\"And?\",\"replies\":%s}]}]}}"
                .formatted("x".repeat(3_500_000), replies(45));
    List<Row> rows = read(PairFormat.OASST, tree);
    assertThat(rows).hasSize(990);
    assertThat(rows)
        .allSatisfy(
            row -> {
              assertThat(cell(row, "reason_code")).isEqualTo("TEXT_TOO_LONG");
              assertThat(cell(row, "prompt")).isNull();
            });
  }

  /** Nor is each transcript of a deep tree kept: together they are a thousand times its size. */
  @Test
  void promptsOfADeepTreeAreCutWhereTheyAreRefusedAnyway() throws Unusable {
    StringBuilder tree = new StringBuilder("{\"prompt\":");
    int depth = 80;
    for (int i = 0; i < depth; i++) {
      tree.append("{\"role\":\"prompter\",\"text\":\"").append("y".repeat(40_000));
      tree.append("\",\"replies\":[{\"role\":\"assistant\",\"text\":\"no\",\"rank\":1},");
      tree.append("{\"role\":\"assistant\",\"text\":\"yes\",\"rank\":0,\"replies\":[");
    }
    tree.append("{\"role\":\"prompter\",\"text\":\"end\"}")
        .append("]}]}".repeat(depth))
        .append('}');
    List<Pair> pairs = PairFormat.OASST.pairs(JsonRecordsTest.read(tree.toString()).get(0).node());
    assertThat(pairs).hasSize(depth);
    assertThat(pairs)
        .allSatisfy(
            pair -> assertThat(pair.before().prompt().length()).isLessThan(Refusal.LONGEST_TEXT));
    List<Row> rows = read(PairFormat.OASST, tree.toString());
    assertThat(rows.stream().filter(row -> cell(row, "reason_code") == null)).hasSize(2);
  }

  @Test
  void ofAnswersThatShareARankNoneIsBetter() {
    String tree =
        """
        {"role":"prompter","text":"Q","replies":[
          {"role":"assistant","text":"c","rank":1},{"role":"assistant","text":"a","rank":0},
          {"role":"assistant","text":"d","rank":2},{"role":"assistant","text":"b","rank":1},
          {"role":"assistant","text":"unranked"}]}""";
    assertThat(
            read(PairFormat.OASST, tree).stream()
                .map(r -> cell(r, "chosen") + ">" + cell(r, "rejected")))
        .containsExactlyInAnyOrder("a>b", "a>c", "a>d", "b>d", "c>d");
  }

  @Test
  void anthropicsFormKeepsWhatExportWritesBesideIt() {
    String start = "\\n\\nHuman: Hi\\n\\nAssistant: ";
    String json =
        "{\"chosen\":\"%syes\",\"rejected\":\"%sno\",\"p_chosen\":0.9,\"weight\":2,\"margin\":0.5,\"product\":7}"
            .formatted(start, start);
    Row row = read(PairFormat.HH, json).get(0);
    assertThat(cell(row, "p_chosen")).isEqualTo(0.9);
    assertThat(cell(row, "weight")).isEqualTo(2.0);
    assertThat(cell(row, "margin")).isEqualTo(0.5);
    assertThat(cell(row, "product")).isEqualTo("7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"prompt\":\"\u202e\u200b\",\"chosen\":\"a\",\"rejected\":\"b\"}",
        "{\"prompt\":\"p\",\"chosen\":\" \",\"rejected\":\"b\"}",
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"\"}",
        "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"product\":{}}",
      })
  void whatSaysNothingIsRefused(String json) {
    assertThat(cell(read(PairFormat.TRL, json).get(0), "reason_code")).isNotNull();
  }
}
