package io.lakeloop.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

public class JsonRecordsTest {
  static List<JsonRecords.Entry> read(byte[] bytes) {
    List<JsonRecords.Entry> entries = new ArrayList<>();
    new JsonRecords("file", new ByteArrayInputStream(bytes)).forEachRemaining(entries::add);
    return entries;
  }

  public static List<JsonRecords.Entry> read(String text) {
    return read(text.getBytes(StandardCharsets.UTF_8));
  }

  /** What became of each record: its number where it is one, else the reason's code. */
  private static List<String> told(String text) {
    return told(read(text));
  }

  private static List<String> told(List<JsonRecords.Entry> entries) {
    return entries.stream()
        .map(e -> e.refusal() == null ? e.node().get("n").asText() : e.refusal().code())
        .toList();
  }

  private static String objects(int from, int to, String between) {
    return IntStream.range(from, to)
        .mapToObj(i -> "{\"n\":" + i + ",\"t\":\"x, {\\\"n\\\": [\"}")
        .collect(Collectors.joining(between));
  }

  private static List<String> numbers(int to) {
    return IntStream.range(0, to).mapToObj(String::valueOf).toList();
  }

  @Test
  void keysThatComeTwiceAndDeepNestingAreRefusedForWhatTheyAre() {
    assertThat(told("{\"n\":0,\"n\":1}\n{\"n\":2}")).containsExactly("DUPLICATE_KEY", "2");
    assertThat(told("{\"n\":0,\"a\":{\"b\":1,\"b\":1}}")).containsExactly("DUPLICATE_KEY");
    String deep = "{\"n\":0,\"a\":" + "[".repeat(600) + "]".repeat(600) + "}";
    assertThat(told(deep + "\n{\"n\":2}")).containsExactly("TOO_DEEP", "2");
    assertThat(told("[" + deep + ",\n{\"n\":2}]")).containsExactly("TOO_DEEP", "2");
  }

  @Test
  void readsObjectsHoweverTheyStandInTheFile() {
    List<String> all = numbers(20);
    assertThat(told(objects(0, 20, "\n"))).isEqualTo(all);
    assertThat(told(objects(0, 20, "\r\n") + "\r\n")).isEqualTo(all);
    assertThat(told(objects(0, 20, "\r"))).isEqualTo(all);
    assertThat(told(objects(0, 20, " "))).isEqualTo(all);
    assertThat(told(objects(0, 20, ""))).isEqualTo(all);
    assertThat(told("[" + objects(0, 20, ",") + "]")).isEqualTo(all);
    assertThat(told("[\n" + objects(0, 10, ",\n") + "\n]\n[" + objects(10, 20, ",") + "]"))
        .isEqualTo(all);
    assertThat(told("[" + objects(0, 10, ",") + "]\n" + objects(10, 20, "\n"))).isEqualTo(all);
    assertThat(told(objects(0, 20, "\n").replace(",", ",\n").replace("{", "{\n")))
        .contains("MALFORMED_JSON");
    assertThat(told("{\n \"n\": 0,\n \"o\": {\n  \"p\": [1,\n2]}\n}\n{\n\"n\":1}"))
        .isEqualTo(numbers(2));
    assertThat(told("[]")).isEmpty();
    assertThat(told("")).isEmpty();
  }

  @Test
  void readsByteOrderMarksAndUtf16AsWindowsWritesThem() {
    String text = "\uFEFF" + objects(0, 3, "\n") + "\n\uFEFF" + objects(3, 5, "\n");
    for (Charset charset :
        List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      assertThat(told(read(text.getBytes(charset)))).isEqualTo(numbers(5));
    }
    assertThat(told("\uFEFF[" + objects(0, 4, ",") + "]")).isEqualTo(numbers(4));
  }

  @Test
  void aBrokenElementCostsItselfAlone() {
    for (String bad :
        List.of(
            "{\"n\":7,,\"t\":\"x\"}",
            "{\"n\":7,\"t\":\"x}",
            "{\"n\":7,\"t\":x\"}",
            "{\"n\":7",
            "{\"n\":7,\"t\":[}",
            "null",
            "[7]",
            "\"seven\"",
            "xyz")) {
      for (String between : List.of(",", ",\n", "\n,  ")) {
        List<String> told =
            told(
                "["
                    + objects(0, 500, between)
                    + between
                    + bad
                    + between
                    + objects(500, 1000, between)
                    + "]");
        assertThat(told).as(bad).filteredOn(t -> t.matches("[0-9]+")).isEqualTo(numbers(1000));
        assertThat(told).as(bad).hasSize(1001);
      }
    }
  }

  @Test
  void aBrokenLineCostsItselfAlone() {
    for (String bad :
        List.of(
            "{\"n\":7,\"t\":\"x",
            "{\"n\":7,\"t\":{\"u\":1}",
            "{\"n\":7,\"t\":",
            "}",
            "{",
            "[1,2]",
            "x {\"n\":1}",
            "{\"a\":1,}",
            "{\"n\":\"\\\\",
            "")) {
      List<String> told = told(objects(0, 10, "\n") + "\n" + bad + "\n" + objects(10, 20, "\n"));
      assertThat(told)
          .as(bad)
          .hasSize(21)
          .filteredOn(t -> t.matches("[0-9]+"))
          .isEqualTo(numbers(20));
    }
  }

  @Test
  void aValueThatLacksItsEndTakesInNoneOfTheMegabytesBehindIt() {
    String filler = "x".repeat(400);
    String many =
        IntStream.range(0, 20_000)
            .mapToObj(i -> "{\"n\":" + i + ",\"t\":\"" + filler + "\"}")
            .collect(Collectors.joining("\n"));
    for (String bad :
        List.of("{\"n\":7,\"t\":1", "{\"n\":7,\"t\":\"x", "{\"n\":7,\"t\":{\"u\":1}")) {
      assertThat(told(bad + "\n" + many)).hasSize(20_001).startsWith("MALFORMED_JSON", "0", "1");
      assertThat(told("[" + bad + "," + many.replace("\n", ",") + "]"))
          .hasSize(20_001)
          .startsWith("MALFORMED_JSON", "0", "1");
    }
  }

  @Test
  void twoFaultsOnOneLineCostTwoElements() {
    String bad = "{\"n\":7,\"t\":\"x}";
    String all =
        "[" + bad + "," + objects(0, 900, ",") + "," + bad + "," + objects(900, 1000, ",") + "]";
    assertThat(told(all))
        .hasSize(1002)
        .filteredOn(t -> t.matches("[0-9]+"))
        .isEqualTo(numbers(1000));
  }

  @Test
  void elementsThatBeginInDifferentWaysAreFoundAgain() {
    String other = "{\"m\":1,\"n\":5}";
    String bad = "{\"n\":7,\"t\":\"x}";
    assertThat(told("[" + other + "," + bad + "," + other + "," + objects(0, 3, ",") + "]"))
        .containsExactly("5", "MALFORMED_JSON", "5", "0", "1", "2");
    assertThat(told("[{{" + bad + "\n" + objects(0, 3, "\n")))
        .containsExactly("MALFORMED_JSON", "0", "1", "2", Refusal.CUT_OFF);
  }

  @Test
  void objectsWithinABrokenElementAreNoneOfTheirOwn() {
    String broken = "{\n\"n\":0,,\n\"a\":[\n{\"x\":1},\n{\"y\":2}],\n\"b\":\n{\"n\":3}\n}";
    String sound = "{\n\"n\":4,\n\"a\":[]\n}";
    assertThat(told("[" + sound + ",\n" + broken + ",\n" + sound + "]"))
        .containsExactly("4", "MALFORMED_JSON", "4");
  }

  @Test
  void whatStandsBesideObjectsOnTheirLineCostsItselfAlone() {
    String all = objects(0, 100, ",");
    assertThat(told("[null," + all + "]")).hasSize(101).endsWith("99");
    assertThat(told("[{\"n\":0}]\uFEFF[" + all + "]")).hasSize(101).endsWith("99");
    assertThat(told("[{\"n\":0}],[" + all + "]")).hasSize(101).endsWith("99");
    assertThat(told("[" + " ".repeat(5000) + all + "]")).hasSize(100);
    String numbers = numbers(3000).stream().collect(Collectors.joining(","));
    assertThat(told("[{\"n\":0},[" + numbers + "]," + all + "]"))
        .hasSize(102)
        .startsWith("0", "NOT_AN_OBJECT", "0")
        .endsWith("99");
  }

  @Test
  void aBrokenLastElementIsNoFileThatIsCutOff() {
    assertThat(told("[{\"n\":0},{\"n\":1,\"t\":\"x}]")).containsExactly("0", "MALFORMED_JSON");
    assertThat(told("[{\"n\":0},{x},{\"n\":1}]")).containsExactly("0", "MALFORMED_JSON", "1");
  }

  @Test
  void whatFollowsAnObjectIsNotPassedOver() {
    assertThat(told("{\"n\":0} trailing\n{\"n\":1}}\n{\"n\":2}"))
        .containsExactly("0", "MALFORMED_JSON", "1", "MALFORMED_JSON", "2");
  }

  @Test
  void anArrayThatIsCutOffIsTold() {
    assertThat(told("[{\"n\":0},{\"n\":1}")).containsExactly("0", "1", Refusal.CUT_OFF);
    assertThat(told("[{\"n\":0},{\"n\":1,\"t\":\"x")).containsExactly("0", Refusal.CUT_OFF);
  }

  @Test
  void blankLinesAndLineNumbersAreTold() {
    List<JsonRecords.Entry> entries = read("{\"n\":0}\n\n{\"n\":1}\r\n\r\n[{\"n\":2},\n{\"n\":3}]");
    assertThat(told(entries)).containsExactly("0", "BLANK_LINE", "1", "BLANK_LINE", "2", "3");
    assertThat(entries).extracting(JsonRecords.Entry::line).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
  }

  @Test
  void bytesThatAreNoUtf8BecomeReplacementsForCleaningToCount() {
    byte[] bytes = "{\"n\":\"a?\"}".getBytes(StandardCharsets.UTF_8);
    bytes[7] = (byte) 0xC3;
    assertThat(read(bytes).get(0).node().get("n").textValue()).isEqualTo("a\uFFFD");
  }

  @Test
  void aRecordBeyondTheBoundIsRefusedAndReadingGoesOn() {
    String long1 = "{\"n\":1,\"t\":\"" + "x".repeat(TextWindow.LONGEST_RECORD) + "\"}";
    List<JsonRecords.Entry> lines = read("{\"n\":0}\n" + long1 + "\n{\"n\":2}");
    assertThat(told(lines)).containsExactly("0", "LINE_TOO_LONG", "2");
    assertThat(lines.get(1).text()).hasSize(TextWindow.KEPT);
    assertThat(lines.get(2).line()).isEqualTo(3);
    assertThat(told("[{\"n\":0}," + long1 + ",{\"n\":2}]"))
        .containsExactly("0", "LINE_TOO_LONG", "2");
  }

  @Test
  void depthIsBoundedAndCostsNoMoreThanItself() {
    String deep = "{\"a\":".repeat(100_000);
    assertThat(told("{\"n\":0}\n" + deep + "\n{\"n\":1}")).containsExactly("0", "TOO_DEEP", "1");
    String lines = "{\"a\":\n".repeat(20_000);
    assertThat(read(lines)).hasSize(20_000);
  }
}
