package io.lakeloop.chat.jinja;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;

/** Python's tuple: a list that prints in parentheses. */
final class Tuple extends AbstractList<Object> {
  private final List<Object> items;

  Tuple(List<Object> items) {
    this.items = items;
  }

  static Tuple of(Object... items) {
    return new Tuple(Arrays.asList(items));
  }

  @Override
  public Object get(int index) {
    return items.get(index);
  }

  @Override
  public int size() {
    return items.size();
  }
}
