package io.lakeloop.feedback;

import com.univocity.parsers.common.TextParsingException;
import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;

/**
 * The rows of one file of comma-separated values with a header (RFC 4180). A cell in quotes may go
 * over several lines. A quote that is never closed costs its own line and no other; where a quote
 * is closed lines later, but those lines look like rows, all of them are refused, since nobody can
 * tell what was meant.
 */
public final class CsvRecords extends Lookahead<CsvRecords.Entry> {
  private static final int MOST_COLUMNS = 512;

  /**
   * One row.
   *
   * @param line that it begins on, from 1
   * @param text as it came; of a refused one the beginning, where it is long
   * @param cells as many as the header has, null where one is empty; null where the row is refused
   */
  public record Entry(long line, String text, String[] cells, Refusal refusal) {}

  private final TextWindow window;
  private final CsvParser parser;
  private final String[] header;
  private final String headerText;

  /** Rows up to this line are refused: nobody can tell which of them a quote takes in. */
  private long doubtfulTo;

  /**
   * @param file for messages
   * @throws UserError INPUT_UNREADABLE if there is no header
   */
  public CsvRecords(String file, InputStream in) {
    this.window = new TextWindow(file, in);
    CsvParserSettings settings = new CsvParserSettings();
    settings.getFormat().setComment('\0');
    settings.setMaxCharsPerColumn(-1);
    settings.setMaxColumns(MOST_COLUMNS);
    settings.setErrorContentLength(0);
    this.parser = new CsvParser(settings);
    CsvExtent extent = CsvExtent.of(window);
    String text = window.text(Math.min(extent.length(), TextWindow.LONGEST_RECORD));
    String[] names = extent.isClosed() ? cells(text) : null;
    if (names == null) {
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot read %s as CSV: its first line is no header of up to %d columns. Put the columns'"
              + " names there.",
          file,
          MOST_COLUMNS);
    }
    this.header = names;
    this.headerText = text;
    advance(extent.length());
  }

  /** The line with the columns' names. */
  String headerText() {
    return headerText;
  }

  /** Names of the columns; null where one has none. */
  public List<String> header() {
    return Arrays.asList(header);
  }

  @Override
  Entry read() {
    return window.at(0) < 0 ? null : row();
  }

  private Entry row() {
    CsvExtent extent = CsvExtent.of(window);
    if (window.line() <= doubtfulTo) {
      return firstLine(
          extent,
          "AMBIGUOUS_QUOTE",
          "a quote opens before it and closes behind what looks like rows");
    }
    if (extent.endOfLine() >= TextWindow.LONGEST_RECORD) {
      return firstLine(
          extent,
          "LINE_TOO_LONG",
          "it is longer than " + TextWindow.LONGEST_RECORD + " characters");
    }
    if (!extent.isClosed()) {
      return firstLine(extent, "UNCLOSED_QUOTE", "a cell begins with a quote that does not close");
    }
    String text = window.text(extent.length());
    if (text.isBlank()) {
      return blankLines(extent);
    }
    if (extent.length() > extent.endOfLine() && holdsRows(text)) {
      doubtfulTo = window.line() + text.lines().count() - 1;
      return row();
    }
    Entry entry = entry(text);
    advance(extent.length());
    return entry;
  }

  /** Lines that follow one another without a sign count once: a file may hold nothing else. */
  private Entry blankLines(CsvExtent extent) {
    Entry blank = firstLine(extent, "BLANK_LINE", "the line is blank");
    while (window.at(0) >= 0 && TextWindow.endsLine(window.at(0))) {
      window.skipEndOfLine();
    }
    return blank;
  }

  private Entry firstLine(CsvExtent extent, String code, String reason) {
    Entry entry =
        new Entry(window.line(), window.kept(extent.endOfLine()), null, new Refusal(code, reason));
    advance(extent.endOfLine());
    return entry;
  }

  private void advance(int length) {
    window.skipLine(length);
    if (window.at(0) >= 0) {
      window.skipEndOfLine();
    }
    window.skipMark();
  }

  private Entry entry(String text) {
    String[] cells = cells(text);
    Refusal refusal = null;
    if (cells == null || cells.length != header.length) {
      refusal =
          new Refusal(
              "WRONG_COLUMNS",
              (cells == null ? "more than " + MOST_COLUMNS : cells.length)
                  + " columns where the header has "
                  + header.length);
    } else {
      for (int i = 0; i < cells.length; i++) {
        if (cells[i] != null && cells[i].length() > Refusal.LONGEST_TEXT) {
          refusal =
              new Refusal(
                  "TEXT_TOO_LONG",
                  "column %d has %d characters, more than %d"
                      .formatted(i + 1, cells[i].length(), Refusal.LONGEST_TEXT));
        }
      }
    }
    return new Entry(window.line(), text, refusal == null ? cells : null, refusal);
  }

  /** Null where there are none, or too many. */
  private String[] cells(String text) {
    try {
      return parser.parseLine(text);
    } catch (TextParsingException e) {
      return null;
    }
  }

  /** True if a line behind the first has the form of a row; in prose a space follows a comma. */
  private boolean holdsRows(String text) {
    boolean spaced = headerText.contains(", ");
    return text.lines()
        .skip(1)
        .filter(line -> spaced || !line.contains(", "))
        .anyMatch(line -> header.length > 1 && line.split(",", -1).length == header.length);
  }
}
