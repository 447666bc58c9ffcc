package io.lakeloop.feedback;

/**
 * How far a row of CSV reaches.
 *
 * @param length characters of the row, without the end of its last line
 * @param endOfLine characters of its first line
 * @param isClosed false if it begins a cell with a quote that does not close, or not before a
 *     separator
 */
record CsvExtent(int length, int endOfLine, boolean isClosed) {

  /**
   * The row that reading stands on. A quote counts where a cell begins; one that neither a
   * separator nor another quote follows does not end a cell: it and what is behind it are the
   * cell's, too, as long as it stays on its line.
   */
  static CsvExtent of(TextWindow window) {
    int endOfLine = -1;
    boolean quoted = false;
    boolean cellBegins = true;
    int i = 0;
    for (; i < TextWindow.LONGEST_RECORD; i++) {
      int c = window.at(i);
      if (TextWindow.endsLine(c)) {
        endOfLine = endOfLine < 0 ? i : endOfLine;
        if (!quoted || c < 0) {
          break;
        }
      } else if (c == '"' && quoted && window.at(i + 1) == '"') {
        i++;
      } else if (c == '"' && quoted) {
        quoted = false;
        if (endOfLine >= 0 && !endsCell(window, i + 1)) {
          return new CsvExtent(i, endOfLine, false);
        }
      } else if (c == '"') {
        quoted = cellBegins;
      }
      cellBegins = !quoted && (c == ',' || cellBegins && c == ' ');
    }
    return new CsvExtent(i, endOfLine < 0 ? i : endOfLine, !quoted);
  }

  private static boolean endsCell(TextWindow window, int from) {
    int i = from;
    while (window.at(i) == ' ') {
      i++;
    }
    return window.at(i) == ',' || TextWindow.endsLine(window.at(i));
  }
}
