package io.lakeloop.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextLinesTest {
  private static List<TextLines.Line> lines(byte[] bytes) {
    List<TextLines.Line> lines = new ArrayList<>();
    new TextLines("file", new ByteArrayInputStream(bytes)).forEachRemaining(lines::add);
    return lines;
  }

  @Test
  void numbersLinesFromOneAndKeepsBlankOnes() {
    assertThat(lines("a\n\nb\n".getBytes(StandardCharsets.UTF_8)))
        .containsExactly(
            new TextLines.Line(1, "a", null),
            new TextLines.Line(2, "", "BLANK_LINE"),
            new TextLines.Line(3, "b", null));
    assertThat(lines("a".getBytes(StandardCharsets.UTF_8))).hasSize(1);
    assertThat(lines(new byte[0])).isEmpty();
  }

  @Test
  void bytesThatAreNoUtf8BecomeReplacementsForCleaningToCount() {
    assertThat(lines(new byte[] {'a', (byte) 0xC3, '(', '\n', 'b'}))
        .containsExactly(new TextLines.Line(1, "a\uFFFD(", null), new TextLines.Line(2, "b", null));
  }

  @Test
  void aLineBeyondTheBoundIsRefusedAndReadingGoesOn() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[TextLines.MAX_BYTES + 10]);
    bytes.writeBytes("\nnext".getBytes(StandardCharsets.UTF_8));
    List<TextLines.Line> lines = lines(bytes.toByteArray());
    assertThat(lines).extracting(TextLines.Line::problem).containsExactly("LINE_TOO_LONG", null);
    assertThat(lines.get(0).text()).hasSize(4000);
    assertThat(lines.get(1)).isEqualTo(new TextLines.Line(2, "next", null));
  }
}
