package io.lakeloop.feedback;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The objects of one file of JSON, however they stand in it: one on each line, several, one over
 * several lines, elements of one array or of more. Every character that is neither spacing nor an
 * array's punctuation belongs to one record; what is no object comes with the reason. Behind a
 * broken object reading goes on with the next line, in an array with the next element that begins
 * as the broken one or a sound one does, or with a line that begins an object where none can be.
 */
public final class JsonRecords extends Lookahead<JsonRecords.Entry> {
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

  /** How an object begins: its first key tells it from objects within. */
  private static final Pattern FIRST_KEY =
      Pattern.compile("\\{\\s*(\"(?:[^\"\\\\]|\\\\.){1,200}\")");

  private static final int MOST_KEYS = 100;

  /**
   * One record.
   *
   * @param line that it begins on, from 1
   * @param text as it came; of a refused one the beginning, where it is long
   * @param node null where it is refused
   * @param refusal null where it is an object
   */
  public record Entry(long line, String text, JsonNode node, Refusal refusal) {}

  /** A record of a table, which has a line of its own and is an object. */
  public static Entry entry(long line, String json) {
    try {
      return new Entry(line, json, JSON.readTree(json), null);
    } catch (JsonProcessingException e) {
      Refusal refusal = new Refusal("MALFORMED_JSON", "it cannot be written as JSON");
      return new Entry(line, json, null, refusal);
    }
  }

  private static final Refusal NOT_AN_OBJECT =
      new Refusal("NOT_AN_OBJECT", "it is JSON, but not an object");

  private static final Refusal TOO_DEEP =
      new Refusal("TOO_DEEP", "it is nested deeper than " + JsonExtent.DEEPEST + " levels");

  /** Readers differ in which of the two they take (RFC 8259, section 4), so neither is taken. */
  private static final Refusal DUPLICATE_KEY =
      new Refusal("DUPLICATE_KEY", "an object in it has a key twice");

  private final TextWindow window;
  private final Set<String> firstKeys = new HashSet<>();
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
        return blankLines();
      }
      if (TextWindow.endsLine(c)) {
        window.skipEndOfLine();
        lineIsBlank = true;
      } else if (c == ' ' || c == '\t' || c == TextWindow.MARK) {
        window.skip(1);
      } else if (c == ','
          || c == '[' && openArrays == 0 && holdsObjects()
          || openArrays > 0 && c == ']') {
        openArrays += c == '[' ? 1 : c == ']' ? -1 : 0;
        lineIsBlank = false;
        window.skip(1);
      } else {
        lineIsBlank = false;
        return c == '{' || openArrays > 0 && (c == '[' || c == '"') ? enclosed(c) : rest();
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

  /** Lines that follow one another without a sign count once: a file may hold nothing else. */
  private Entry blankLines() {
    Entry blank =
        new Entry(window.line(), "", null, new Refusal("BLANK_LINE", "the line is blank"));
    while (window.at(0) >= 0 && TextWindow.endsLine(window.at(0))) {
      window.skipEndOfLine();
    }
    return blank;
  }

  /**
   * An outer array is looked into if it is empty, or holds an object on the line it begins with.
   */
  private boolean holdsObjects() {
    int i = 1;
    while (i < TextWindow.LONGEST_RECORD && Character.isWhitespace(window.at(i))) {
      i++;
    }
    boolean empty = window.at(i) == ']';
    while (i < TextWindow.LONGEST_RECORD
        && window.at(i) != '{'
        && !TextWindow.endsLine(window.at(i))) {
      i++;
    }
    return empty || window.at(i) == '{';
  }

  /** An object, or an array or a text among an array's elements. */
  private Entry enclosed(int first) {
    JsonExtent extent = new JsonExtent();
    int length = 0;
    while (extent.isOpen() && length < TextWindow.LONGEST_RECORD) {
      extent.accept(window.at(length++));
    }
    if (extent.isOpen()) {
      return tooLong(extent, length);
    }
    if (extent.isBroken()) {
      return broken(length, extent.isTooDeep() ? TOO_DEEP : malformed(0));
    }
    String text = window.text(length);
    try {
      Entry entry = new Entry(window.line(), text, JSON.readTree(text), null);
      if (first != '{') {
        return refused(length, NOT_AN_OBJECT);
      }
      remember(text);
      window.skip(length);
      return entry;
    } catch (MismatchedInputException e) {
      return refused(length, DUPLICATE_KEY);
    } catch (JsonProcessingException e) {
      boolean ownLines = openArrays == 0 && text.chars().anyMatch(TextWindow::endsLine);
      int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
      return ownLines ? broken(length, malformed(column)) : refused(length, malformed(column));
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
  private Entry broken(int looked, Refusal refusal) {
    if (openArrays > 0) {
      return brokenElement(looked, refusal);
    }
    int length = 0;
    while (!TextWindow.endsLine(window.at(length)) && length < TextWindow.LONGEST_RECORD) {
      length++;
    }
    Entry entry = new Entry(window.line(), window.kept(length), null, refusal);
    window.skipLine(length);
    return entry;
  }

  /** How elements of this file begin: there reading goes on behind a broken one. */
  private void remember(String element) {
    if (openArrays > 0 && firstKeys.size() < MOST_KEYS) {
      Matcher key = FIRST_KEY.matcher(element);
      if (key.lookingAt()) {
        firstKeys.add(key.group(1));
      }
    }
  }

  private Entry brokenElement(int looked, Refusal why) {
    long line = window.line();
    Matcher own = FIRST_KEY.matcher(window.kept(looked));
    StringBuilder passed = new StringBuilder();
    int last = skipToElement(own.lookingAt() ? own.group(1) : null, passed);
    boolean cutOff = window.at(0) < 0 && last != ']';
    if (window.at(0) < 0) {
      openArrays = 0;
    }
    Refusal refusal =
        cutOff
            ? new Refusal(
                Refusal.CUT_OFF, "the array is not JSON from here on, and its rest is not read")
            : why;
    return new Entry(line, passed.toString(), null, refusal);
  }

  /**
   * Reads on where the next element begins, or to the end.
   *
   * @param own first key of the broken element with its quotes, or null where it has none
   * @param passed the beginning of what is passed over
   * @return the last sign passed over
   */
  private int skipToElement(String own, StringBuilder passed) {
    int before = 0;
    boolean atLineStart = false;
    for (int c = window.at(0); c >= 0; c = window.at(0)) {
      // No text goes over the end of a line, and no object begins behind other signs than these.
      boolean isOwn = atLineStart && ":,[".indexOf(before) < 0;
      if (c == '{' && (isOwn || before == ',' && beginsAsOthers(own))) {
        return before;
      }
      atLineStart = TextWindow.endsLine(c) || atLineStart && Character.isWhitespace(c);
      before = Character.isWhitespace(c) ? before : c;
      if (passed.length() < TextWindow.KEPT) {
        passed.append((char) c);
      }
      window.skip(1);
    }
    return before;
  }

  private boolean beginsAsOthers(String own) {
    int key = 1;
    while (key < TextWindow.LONGEST_RECORD && Character.isWhitespace(window.at(key))) {
      key++;
    }
    int at = key;
    if (own == null && firstKeys.isEmpty()) {
      return window.at(at) == '"';
    }
    return own != null && stands(own, at)
        || firstKeys.stream().anyMatch(known -> stands(known, at));
  }

  private boolean stands(String firstKey, int i) {
    for (int k = 0; k < firstKey.length(); k++) {
      if (window.at(i + k) != firstKey.charAt(k)) {
        return false;
      }
    }
    return true;
  }

  /** Passes over an object that is longer than a record may be. */
  private Entry tooLong(JsonExtent extent, int length) {
    if (openArrays == 0 && window.endOfLineWithin(length)) {
      return broken(length, malformed(0));
    }
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

  /** A value that is no object, or no JSON at all: to the end of the line or the element. */
  private Entry rest() {
    int length = 1;
    while (length < TextWindow.LONGEST_RECORD && !endsValue(window.at(length))) {
      length++;
    }
    Entry entry = refused(length, isJson(window.text(length)) ? NOT_AN_OBJECT : malformed(1));
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
