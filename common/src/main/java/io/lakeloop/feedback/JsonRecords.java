package io.lakeloop.feedback;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The objects of one file of JSON, however they stand in it: one on each line, several, one over
 * several lines, elements of one array or of more. Every character that is neither spacing nor an
 * array's punctuation belongs to one record; what is no object comes with the reason. Behind a
 * broken object reading goes on with the next line, in an array with the next element that begins
 * as the broken one does.
 */
public final class JsonRecords extends Lookahead<JsonRecords.Entry> {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** How an object begins: its first key tells it from objects within. */
  private static final Pattern FIRST_KEY =
      Pattern.compile("\\{\\s*(\"(?:[^\"\\\\]|\\\\.){1,200}\")");

  /**
   * One record.
   *
   * @param line that it begins on, from 1
   * @param text as it came; of a refused one the beginning, where it is long
   * @param node null where it is refused
   * @param refusal null where it is an object
   */
  public record Entry(long line, String text, JsonNode node, Refusal refusal) {}

  private final TextWindow window;
  private int openArrays;
  private boolean lineIsBlank = true;

  /**
   * @param file for messages
   */
  public JsonRecords(String file, InputStream in) {
    this.window = new TextWindow(file, in);
  }

  @Override
  Entry read() {
    while (true) {
      int c = window.at(0);
      if (c < 0) {
        return end();
      }
      if (TextWindow.endsLine(c) && openArrays == 0 && lineIsBlank) {
        return blankLine();
      }
      if (TextWindow.endsLine(c)) {
        window.skip(c == '\r' && window.at(1) == '\n' ? 2 : 1);
        lineIsBlank = true;
        window.skipMark();
      } else if (c == ' ' || c == '\t' || openArrays > 0 && c == ',') {
        window.skip(1);
      } else if (c == '[' && holdsObjects() || openArrays > 0 && c == ']') {
        openArrays += c == '[' ? 1 : -1;
        lineIsBlank = false;
        window.skip(1);
      } else {
        lineIsBlank = false;
        return c == '{' ? object() : somethingElse(c);
      }
    }
  }

  private Entry end() {
    if (openArrays == 0) {
      return null;
    }
    openArrays = 0;
    return new Entry(
        window.line(),
        "",
        null,
        new Refusal(Refusal.CUT_OFF, "the array does not end: the file is cut off"));
  }

  private Entry blankLine() {
    Entry blank =
        new Entry(window.line(), "", null, new Refusal("BLANK_LINE", "the line is blank"));
    window.skip(window.at(0) == '\r' && window.at(1) == '\n' ? 2 : 1);
    return blank;
  }

  /** An array is looked into if an object is its first element, or it has none. */
  private boolean holdsObjects() {
    int i = 1;
    while (i < TextWindow.KEPT && Character.isWhitespace(window.at(i))) {
      i++;
    }
    return window.at(i) == '{' || window.at(i) == ']';
  }

  private Entry object() {
    JsonExtent extent = new JsonExtent();
    int length = 0;
    while (extent.isOpen() && length < TextWindow.LONGEST_RECORD) {
      extent.accept(window.at(length++));
    }
    if (extent.isOpen()) {
      return tooLong(extent, length);
    }
    if (extent.isBroken()) {
      return broken(length, 0);
    }
    String text = window.text(length);
    try {
      Entry object = new Entry(window.line(), text, JSON.readTree(text), null);
      window.skip(length);
      return object;
    } catch (JsonProcessingException e) {
      boolean ownLines = openArrays == 0 && text.chars().anyMatch(TextWindow::endsLine);
      int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
      return ownLines ? broken(length, column) : refused(length, malformed(column));
    }
  }

  private static Refusal malformed(int column) {
    return new Refusal(
        "MALFORMED_JSON",
        column > 0
            ? "it is not JSON at its character " + column
            : "it is not JSON: it does not end");
  }

  private Entry refused(int length, Refusal refusal) {
    Entry entry = new Entry(window.line(), window.kept(length), null, refusal);
    window.skip(length);
    return entry;
  }

  /** Refuses what begins here, as far as the next line or the next element. */
  private Entry broken(int looked, int column) {
    if (openArrays > 0) {
      return brokenElement(looked);
    }
    int length = 0;
    while (!TextWindow.endsLine(window.at(length)) && length < TextWindow.LONGEST_RECORD) {
      length++;
    }
    Entry entry = new Entry(window.line(), window.kept(length), null, malformed(column));
    window.skipLine(length);
    return entry;
  }

  private Entry brokenElement(int looked) {
    long line = window.line();
    Matcher key = FIRST_KEY.matcher(window.kept(looked));
    StringBuilder passed = new StringBuilder();
    if (skipToElement(key.lookingAt() ? key.group(1) : null, passed)) {
      return new Entry(line, passed.toString(), null, malformed(0));
    }
    openArrays = 0;
    return new Entry(
        line,
        passed.toString(),
        null,
        new Refusal(
            Refusal.CUT_OFF, "the array is not JSON from here on, and its rest is not read"));
  }

  /**
   * Reads on where the next element with that first key begins; false where there is none.
   *
   * @param passed the beginning of what is passed over
   */
  private boolean skipToElement(String firstKey, StringBuilder passed) {
    int before = 0;
    for (int c = window.at(0); c >= 0; c = window.at(0)) {
      if (c == '{' && before == ',' && firstKey != null && beginsWith(firstKey)) {
        return true;
      }
      before = Character.isWhitespace(c) ? before : c;
      if (passed.length() < TextWindow.KEPT) {
        passed.append((char) c);
      }
      window.skip(1);
    }
    return false;
  }

  private boolean beginsWith(String firstKey) {
    int i = 1;
    while (i < TextWindow.KEPT && Character.isWhitespace(window.at(i))) {
      i++;
    }
    for (int k = 0; k < firstKey.length(); k++) {
      if (window.at(i + k) != firstKey.charAt(k)) {
        return false;
      }
    }
    return true;
  }

  /** Passes over an object that is longer than a record may be. */
  private Entry tooLong(JsonExtent extent, int length) {
    Entry entry =
        new Entry(
            window.line(),
            window.kept(length),
            null,
            new Refusal(
                "LINE_TOO_LONG", "it is longer than " + TextWindow.LONGEST_RECORD + " characters"));
    window.skip(length);
    if (openArrays == 0) {
      window.skipLine(0);
      return entry;
    }
    while (extent.isOpen()) {
      extent.accept(window.at(0));
      if (window.at(0) >= 0) {
        window.skip(1);
      }
    }
    return entry;
  }

  /** A value that is no object, or no JSON at all. */
  private Entry somethingElse(int first) {
    int length = 1;
    if (openArrays > 0 && (first == '[' || first == '"')) {
      JsonExtent extent = new JsonExtent();
      extent.accept(first);
      while (extent.isOpen() && length < TextWindow.KEPT) {
        extent.accept(window.at(length++));
      }
      length -= extent.isBroken() ? 1 : 0;
    } else {
      while (length < TextWindow.LONGEST_RECORD && !endsValue(window.at(length))) {
        length++;
      }
    }
    Refusal refusal =
        isJson(window.text(length))
            ? new Refusal("NOT_AN_OBJECT", "it is JSON, but not an object")
            : malformed(1);
    Entry entry = new Entry(window.line(), window.kept(length), null, refusal);
    window.skip(length);
    if (openArrays == 0) {
      window.skipLine(0);
    }
    return entry;
  }

  private boolean endsValue(int c) {
    return TextWindow.endsLine(c) || openArrays > 0 && (c == ',' || c == ']');
  }

  private static boolean isJson(String text) {
    try {
      JSON.readTree(text);
      return true;
    } catch (JsonProcessingException e) {
      return false;
    }
  }
}
