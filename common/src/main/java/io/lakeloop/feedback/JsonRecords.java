package io.lakeloop.feedback;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The objects of one file of JSON: one on each line, or the elements of one array. What is no
 * object comes with the reason.
 */
public final class JsonRecords implements Iterator<JsonRecords.Entry> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LOOK_AHEAD = 4096;

  /**
   * One record.
   *
   * @param line that it begins on, from 1
   * @param text as it came; an array's element without the spacing between its tokens
   * @param node null where it is refused
   * @param refusal null where it is an object
   */
  public record Entry(long line, String text, JsonNode node, Refusal refusal) {}

  private final Iterator<Entry> entries;

  /**
   * @param file for messages
   * @param in supports mark
   */
  public JsonRecords(String file, InputStream in) {
    try {
      entries = isArray(in) ? new Elements(file, in) : new Lines(new TextLines(file, in));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  @Override
  public boolean hasNext() {
    return entries.hasNext();
  }

  @Override
  public Entry next() {
    return entries.next();
  }

  private static UserError unreadable(String file, IOException cause) {
    return new UserError(
        ErrorCode.INPUT_UNREADABLE,
        "Cannot read %s: %s. Fetch the file again.",
        file,
        cause.getMessage());
  }

  /** True if the file begins with a bracket and an object in it. */
  private static boolean isArray(InputStream in) throws IOException {
    in.mark(LOOK_AHEAD);
    int seen = 0;
    int wanted = '[';
    int c = in.read();
    boolean array = false;
    while (c >= 0 && ++seen < LOOK_AHEAD - 1) {
      if (!Character.isWhitespace(c)) {
        if (c != wanted) {
          break;
        }
        array = wanted == '{';
        if (array) {
          break;
        }
        wanted = '{';
      }
      c = in.read();
    }
    in.reset();
    return array;
  }

  private record Lines(TextLines lines) implements Iterator<Entry> {
    @Override
    public boolean hasNext() {
      return lines.hasNext();
    }

    @Override
    public Entry next() {
      TextLines.Line line = lines.next();
      if (line.problem() != null) {
        String reason =
            line.problem().equals("LINE_TOO_LONG")
                ? "the line is longer than " + TextLines.MAX_BYTES + " bytes"
                : "the line is blank";
        return new Entry(line.number(), line.text(), null, new Refusal(line.problem(), reason));
      }
      return entry(line.number(), line.text());
    }

    private static Entry entry(long number, String text) {
      try {
        JsonNode node = JSON.readTree(text);
        return node != null && node.isObject()
            ? new Entry(number, text, node, null)
            : new Entry(
                number,
                text,
                null,
                new Refusal("NOT_AN_OBJECT", "the line is JSON, but not an object"));
      } catch (JsonProcessingException e) {
        int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
        return new Entry(
            number,
            text,
            null,
            new Refusal("MALFORMED_JSON", "the line is not JSON at column " + column));
      }
    }
  }

  /** Elements of an array, read one after the other. */
  private static final class Elements implements Iterator<Entry> {
    private final String file;
    private final JsonParser parser;
    private Entry next;
    private boolean ended;

    Elements(String file, InputStream in) throws IOException {
      this.file = file;
      this.parser =
          JSON.getFactory().createParser(new InputStreamReader(in, StandardCharsets.UTF_8));
      parser.nextToken();
    }

    @Override
    public boolean hasNext() {
      if (next == null && !ended) {
        next = read();
      }
      return next != null;
    }

    @Override
    public Entry next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Entry entry = next;
      next = null;
      return entry;
    }

    private Entry read() {
      long line = 1;
      try {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.END_ARRAY || token == null) {
          ended = true;
          parser.close();
          return null;
        }
        line = parser.currentTokenLocation().getLineNr();
        JsonNode node = JSON.readTree(parser);
        String text = node.toString();
        if (text.length() > TextLines.MAX_BYTES) {
          return new Entry(
              line,
              text.substring(0, LOOK_AHEAD),
              null,
              new Refusal(
                  "LINE_TOO_LONG",
                  "the element is longer than " + TextLines.MAX_BYTES + " characters"));
        }
        return node.isObject()
            ? new Entry(line, text, node, null)
            : new Entry(line, text, null, new Refusal("NOT_AN_OBJECT", "the element is no object"));
      } catch (JsonProcessingException e) {
        ended = true;
        int at = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
        return new Entry(
            line,
            "",
            null,
            new Refusal(
                "MALFORMED_JSON",
                "the array is not JSON at line " + at + "; its rest is not read"));
      } catch (IOException e) {
        throw unreadable(file, e);
      }
    }
  }
}
