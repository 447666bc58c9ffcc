package io.lakeloop.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.config.UserError;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Files that were cut, joined, overwritten and mixed up: every sign of them that is no spacing and
 * no punctuation between records is in one record, and nothing but a line for the user comes out.
 */
class MutatedFilesTest {
  private static final int FILES = 50_000;
  private static final long SEED = 16;
  private static final String[] SIGNS = {
    "\"", "{", "}", "[", "]", ",", ":", "\n", "\r\n", "\r", "\\", "\\\"", "\uFEFF", "\0", "#", " ",
    "null", "1e999", "\u2028", "\uD800", "é", "\"\"", "\n\n", "[{", "}]", "{\"n\":"
  };

  /** Draws of one file. */
  private record Draws(long file) {
    int below(int bound, int draw) {
      return (int) Math.floorMod(CounterRandom.bits(SEED, file, draw), (long) bound);
    }
  }

  private static String object(int i) {
    return "{\"n\":" + i + ",\"t\":\"text, {of} \\\"it\\\" [" + i + "]\",\"m\":[{\"n\":1},2]}";
  }

  private static String json(Draws draws) {
    int records = 1 + draws.below(12, 0);
    String between = new String[] {"\n", "\r\n", "\r", " ", ",\n", ",", ""}[draws.below(7, 1)];
    String all =
        IntStream.range(0, records)
            .mapToObj(MutatedFilesTest::object)
            .collect(Collectors.joining(between));
    return between.startsWith(",") ? "[" + all + "]" : all;
  }

  private static String csv(Draws draws) {
    int records = 1 + draws.below(12, 0);
    String end = new String[] {"\n", "\r\n", "\r"}[draws.below(3, 1)];
    return IntStream.range(0, records)
        .mapToObj(i -> "i" + i + ",r1,a," + (i % 2 == 0 ? "\"so, it \"\"is\"\"\"" : "fine"))
        .collect(Collectors.joining(end, "item_id,rater_id,value,comment" + end, end));
  }

  /** Cuts, doubles, or overwrites, up to four times. */
  private static String mutated(String text, Draws draws) {
    StringBuilder out = new StringBuilder(text);
    for (int m = 0; m < 1 + draws.below(4, 2); m++) {
      int at = draws.below(out.length() + 1, 10 * m + 11);
      int length = Math.min(out.length() - at, draws.below(20, 10 * m + 12));
      switch (draws.below(5, 10 * m + 13)) {
        case 0 -> out.delete(at, at + length);
        case 1 -> out.insert(at, out.substring(at, at + length));
        case 2 -> out.insert(at, SIGNS[draws.below(SIGNS.length, 10 * m + 14)]);
        case 3 ->
            out.replace(
                at, Math.min(at + 1, out.length()), SIGNS[draws.below(SIGNS.length, 10 * m + 14)]);
        default -> out.setLength(at);
      }
    }
    return out.toString();
  }

  private static String kept(String text, String punctuation) {
    return text.replaceAll("[\\s\uFEFF" + punctuation + "]", "");
  }

  private static void everySignIsInOneRecord(
      Function<Draws, String> file, String punctuation, Function<byte[], List<String>> read) {
    int refusedWhole = 0;
    for (long f = 0; f < FILES; f++) {
      Draws draws = new Draws(f);
      byte[] bytes = mutated(file.apply(draws), draws).getBytes(StandardCharsets.UTF_8);
      String decoded = new String(bytes, StandardCharsets.UTF_8);
      try {
        assertThat(kept(String.join("", read.apply(bytes)), punctuation))
            .isEqualTo(kept(decoded, punctuation));
      } catch (UserError e) {
        refusedWhole++;
        assertThat(e.getMessage().lines()).hasSize(1);
      } catch (RuntimeException | AssertionError e) {
        fail("file %d: %s".formatted(f, decoded), e);
      }
    }
    assertThat(refusedWhole).isLessThan(FILES / 10);
  }

  @Test
  void jsonLosesNothing() {
    everySignIsInOneRecord(
        MutatedFilesTest::json,
        ",\\[\\]",
        bytes -> JsonRecordsTest.read(bytes).stream().map(JsonRecords.Entry::text).toList());
  }

  /** A broken line costs none of the others. */
  @Test
  void otherLinesStayWhole() {
    for (long f = 0; f < FILES; f++) {
      Draws draws = new Draws(f);
      List<String> lines =
          new ArrayList<>(
              IntStream.range(0, 2 + draws.below(8, 0))
                  .mapToObj(MutatedFilesTest::object)
                  .toList());
      int at = draws.below(lines.size(), 3);
      String broken = mutated(lines.get(at), draws).replaceAll("[\r\n]", "");
      if (broken.matches("\\s*\\[.*[:,\\[]\\s*")) {
        // The object on the next line may well be a part of this one's.
        continue;
      }
      lines.set(at, broken);
      List<String> whole =
          JsonRecordsTest.read(String.join("\n", lines).getBytes(StandardCharsets.UTF_8)).stream()
              .filter(entry -> entry.refusal() == null)
              .map(JsonRecords.Entry::text)
              .toList();
      lines.remove(at);
      assertThat(whole).as("file %d: %s", f, broken).containsSubsequence(lines);
    }
  }

  @Test
  void csvLosesNothing() {
    everySignIsInOneRecord(
        MutatedFilesTest::csv,
        "",
        bytes -> {
          CsvRecords records = new CsvRecords("file", new ByteArrayInputStream(bytes));
          List<String> texts = new ArrayList<>(List.of(records.headerText()));
          records.forEachRemaining(entry -> texts.add(entry.text()));
          return texts;
        });
  }
}
