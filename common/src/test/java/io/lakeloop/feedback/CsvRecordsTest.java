package io.lakeloop.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.UserError;
import java.io.ByteArrayInputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CsvRecordsTest {
  private static final String HEADER = "item_id,rater_id,value,comment\n";

  static List<CsvRecords.Entry> read(byte[] bytes) {
    List<CsvRecords.Entry> entries = new ArrayList<>();
    new CsvRecords("file", new ByteArrayInputStream(bytes)).forEachRemaining(entries::add);
    return entries;
  }

  private static List<String> told(String text) {
    return told(read(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static List<String> told(List<CsvRecords.Entry> entries) {
    return entries.stream()
        .map(e -> e.refusal() == null ? e.cells()[0] : e.refusal().code())
        .toList();
  }

  private static String rows(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> "i" + i + ",r1,a,\"well, \"\"yes\"\"\"\n")
        .collect(Collectors.joining());
  }

  private static List<String> items(int to) {
    return IntStream.range(0, to).mapToObj(i -> "i" + i).toList();
  }

  @Test
  void readsRowsWhateverEndsThem() {
    String file = HEADER + rows(0, 5);
    assertThat(told(file)).isEqualTo(items(5));
    assertThat(told(file.replace("\n", "\r\n"))).isEqualTo(items(5));
    assertThat(told(file.replace("\n", "\r"))).isEqualTo(items(5));
    assertThat(told(file.stripTrailing())).isEqualTo(items(5));
    for (Charset charset : List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16LE)) {
      assertThat(told(read(("\uFEFF" + file).getBytes(charset)))).isEqualTo(items(5));
    }
    assertThat(read(file.getBytes(StandardCharsets.UTF_8)).get(3).cells())
        .containsExactly("i3", "r1", "a", "well, \"yes\"");
  }

  @Test
  void aCellInQuotesMayGoOverLines() {
    List<CsvRecords.Entry> entries =
        read(
            (HEADER + "i0,r1,a,\"two\n\nlines, I think\"\ni1,r1,b,\n")
                .getBytes(StandardCharsets.UTF_8));
    assertThat(told(entries)).isEqualTo(items(2));
    assertThat(entries.get(0).cells()[3]).isEqualTo("two\n\nlines, I think");
    assertThat(entries.get(1).line()).isEqualTo(5);
    assertThat(entries.get(1).cells()[3]).isNull();
  }

  @Test
  void aRowThatBeginsWithAHashIsARow() {
    assertThat(told(HEADER + "#7,r1,a,\n" + rows(0, 2))).containsExactly("#7", "i0", "i1");
  }

  @Test
  void aQuoteThatNeverClosesCostsItsOwnLine() {
    List<String> told = told(HEADER + rows(0, 100) + "i,r1,a,\"oops\n" + rows(100, 200));
    assertThat(told).hasSize(201).containsOnlyOnce("UNCLOSED_QUOTE");
    assertThat(told).filteredOn(t -> !t.equals("UNCLOSED_QUOTE")).isEqualTo(items(200));
    String plain = rows(0, 50).replaceAll("\"[^\n]*", "fine");
    assertThat(told(HEADER + "i,r1,a,\"oops\n" + plain)).hasSize(51).endsWith("i49");
  }

  @Test
  void rowsBetweenTwoStrayQuotesAreRefusedForNobodyKnows() {
    String plain = rows(0, 50).replaceAll("\"[^\n]*", "fine");
    List<String> told = told(HEADER + "i,r1,a,\"oops\n" + plain + "j,r1,a,end\"\n" + rows(0, 3));
    assertThat(told).hasSize(55);
    assertThat(told.subList(0, 52)).containsOnly("AMBIGUOUS_QUOTE");
    assertThat(told.subList(52, 55)).isEqualTo(items(3));
  }

  @Test
  void aQuoteInTheMiddleOfACellIsASign() {
    List<CsvRecords.Entry> entries =
        read(
            (HEADER + "i0,r1,a,6\" tall\ni1,r1,a,\"say \"hi\" to me\"\n")
                .getBytes(StandardCharsets.UTF_8));
    assertThat(told(entries)).isEqualTo(items(2));
    assertThat(entries.get(0).cells()[3]).isEqualTo("6\" tall");
  }

  @Test
  void blankLinesWrongColumnsAndLongCellsAreRefused() {
    String over = "x".repeat(100_001);
    assertThat(
            told(
                HEADER + "i0,r1,a,\n\n  \ni1,r1\ni2,r1,a,b,c\ni3,r1,a," + over + "\n" + rows(4, 5)))
        .containsExactly(
            "i0",
            "BLANK_LINE",
            "BLANK_LINE",
            "WRONG_COLUMNS",
            "WRONG_COLUMNS",
            "TEXT_TOO_LONG",
            "i4");
    String endless = "i5,r1,a,\"" + "y".repeat(TextWindow.LONGEST_RECORD) + "\"\n";
    assertThat(told(HEADER + endless + rows(0, 1))).containsExactly("LINE_TOO_LONG", "i0");
  }

  @Test
  void aRowOfAnyNumberOfColumnsIsRefused() {
    assertThat(told(HEADER + "x,".repeat(2000) + "\n" + rows(0, 2)))
        .containsExactly("WRONG_COLUMNS", "i0", "i1");
    assertThatThrownBy(() -> told("x,".repeat(2000) + "\n1,2\n"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("header");
  }

  @Test
  void aFileWithoutHeaderIsTold() {
    assertThatThrownBy(() -> told("")).isInstanceOf(UserError.class).hasMessageContaining("header");
  }
}
