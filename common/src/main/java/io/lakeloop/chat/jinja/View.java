package io.lakeloop.chat.jinja;

import java.util.AbstractCollection;
import java.util.Iterator;
import java.util.List;

/** What a dict's keys(), values() and items() give: it has a length and an order but no index. */
final class View extends AbstractCollection<Object> {
  private final String name;
  private final List<Object> items;

  View(String name, List<Object> items) {
    this.name = name;
    this.items = items;
  }

  String name() {
    return name;
  }

  List<Object> items() {
    return items;
  }

  @Override
  public Iterator<Object> iterator() {
    return items.iterator();
  }

  @Override
  public int size() {
    return items.size();
  }
}
