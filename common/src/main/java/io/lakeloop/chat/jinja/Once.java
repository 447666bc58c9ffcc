package io.lakeloop.chat.jinja;

import java.util.Iterator;
import java.util.List;

/** Python's generator, as filters give it: its items are taken once, and it has no length. */
final class Once implements Iterable<Object> {
  private final Iterator<Object> rest;

  Once(List<Object> items) {
    this.rest = items.iterator();
  }

  @Override
  public Iterator<Object> iterator() {
    return rest;
  }
}
