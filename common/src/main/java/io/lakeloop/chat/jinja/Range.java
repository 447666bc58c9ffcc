package io.lakeloop.chat.jinja;

import java.util.AbstractList;

/** Python's range: numbers from start on, of which none is stored. */
final class Range extends AbstractList<Object> {
  private final long start;
  private final long stop;
  private final long step;
  private final int size;

  Range(long start, long stop, long step) {
    if (step == 0) {
      throw TemplateException.value("range() arg 3 must not be zero");
    }
    this.start = start;
    this.stop = stop;
    this.step = step;
    double length = Math.max(0, Math.ceil(((double) stop - start) / step));
    if (length > Budget.LONGEST_RANGE) {
      throw TemplateException.limit(
          "it makes a range of %,.0f numbers; up to %,d are allowed", length, Budget.LONGEST_RANGE);
    }
    this.size = (int) length;
  }

  @Override
  public Object get(int index) {
    return start + index * step;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public String toString() {
    String ends = start + ", " + stop;
    return "range(" + (step == 1 ? ends : ends + ", " + step) + ")";
  }
}
